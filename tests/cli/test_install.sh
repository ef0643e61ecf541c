#!/bin/bash
# nn as an installed library: the example, built outside with nothing but find_package, finds the minimum.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
: "${CAVIAR_BUILD:?the build folder; ctest sets it}"
grep -q '^CAVIAR_SANITIZE:BOOL=ON' "$CAVIAR_BUILD/CMakeCache.txt" &&
  { echo "skipped: a library with sanitizers needs a program with them"; exit 77; }
unset CMAKE_PREFIX_PATH PKG_CONFIG_PATH
CMAKE_GENERATOR=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$CAVIAR_BUILD/CMakeCache.txt")
export CMAKE_GENERATOR

cmake --install "$CAVIAR_BUILD" --prefix "$work/prefix" >out 2>err || fail "cmake --install"
expect 0 "softplus" prefix/bin/caviar describe op

# The prefix moves: nothing in it may name where it was, or the build.
mv prefix moved
# Whole paths only: the source may lie in /caviar, and include/caviar is no mention of that.
names() { # PATH...: the files of moved/ that name one
  for path; do
    escaped=$(sed 's/[^A-Za-z0-9/]/[&]/g' <<<"$path")
    grep -rIlE "(^|[\"' =:;(])$escaped(/|[\"' :;)]|\$)" moved
  done
}
names "$work/prefix" "$CAVIAR_BUILD" "$CAVIAR_SOURCE" >out
[ -s out ] && fail "files that name the build"
echo "set(where \"$CAVIAR_SOURCE/nn\")" >moved/planted
[ "$(names "$CAVIAR_SOURCE")" = moved/planted ] || fail "a planted path is not seen"
rm moved/planted

example=$work/moved/share/caviar/examples/minimize
CFLAGS='-Wall -Wextra -Wconversion -Werror' cmake -S "$example" -B build -DCMAKE_PREFIX_PATH="$work/moved" >out 2>err ||
  fail "find_package(caviar)"
cmake --build build >out 2>err || fail "building the example"
for optimizer in adam sgd momentum rmsprop; do
  expect 0 "$optimizer: w = 5.0000 after 1000 steps" build/minimize $optimizer
done
expect 1 'no optimizer is called "adm"' build/minimize adm

# The same by pkg-config; and headers that C++ can read.
export PKG_CONFIG_PATH=$work/moved/lib/pkgconfig
# shellcheck disable=SC2046
"${CC:-cc}" -o by_pkg_config "$example/minimize.c" $(pkg-config --cflags --libs caviar_nn) >out 2>err || fail "pkg-config"
expect 0 "adam: w = 5.0000" ./by_pkg_config adam
if command -v c++ >/dev/null; then
  # shellcheck disable=SC2046
  echo '#include <caviar/nn/ops.h>' | c++ -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags caviar_nn) -x c++ - \
    >out 2>err || fail "the headers in C++"
else
  echo "skipped: no C++ compiler is installed"
fi
