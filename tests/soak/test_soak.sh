#!/bin/bash
# Some random kills (soak); a thousand and more: README.md.
[ -n "${CAVIAR_LONG:-}" ] && exec bash "$(dirname "$0")/soak" --kills 1000
exec bash "$(dirname "$0")/soak" --kills 25 --seconds 45
