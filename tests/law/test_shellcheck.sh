#!/usr/bin/env bash
# Every shell script passes shellcheck.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/law/law.sh
. "$here/law.sh"
if ! command -v shellcheck >/dev/null; then
  echo "skipped: shellcheck is not installed"
  exit 77
fi

check() {
  local file
  (
    cd "$1" || exit
    while read -r file; do
      if [[ $file == *.sh ]] || head -n 1 "$file" | grep -qE '^#!.*\b(ba|da)?sh\b'; then echo "$file"; fi
    done < <(law_files .) | xargs -d '\n' shellcheck -x -f gcc || true
  )
}

law_holds
# shellcheck disable=SC2016
{
  law_catches 'an unquoted variable' tests/cli/law.sh "$(printf '#!/bin/bash\nrm $1/x')"
  law_catches 'the same in a script without .sh' experiments/law-get-data "$(printf '#!/bin/sh\nrm $1/x')"
}
law_verdict
