#!/bin/sh
# test_headers.sh - every public header compiles alone, twice over, as C11 and as C++.
set -eu
top=${srcdir:-.}
CC=${CC:-cc}
strict='-Wall -Wextra -Wpedantic -Werror'

scratch=$(pwd)/headers.$$.tmp
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$scratch"

# Unquoted below: a compiler and its flags are lists of words.
# shellcheck disable=SC2086
compiles() { # FILE COMMAND...
    file=$1
    shift
    "$@" $strict -I"$top/include" -c -o "$scratch/out.o" "$file"
}

# That the test can fail: a header that lacks an include, and one that is no C++.
echo 'size_t tg_bad(void);' >"$scratch/bad.c"
# shellcheck disable=SC2086
if compiles "$scratch/bad.c" $CC -std=c11 2>/dev/null; then
    echo "$CC accepts a header that lacks an include"
    exit 1
fi

cxx=
for c in ${CXX:+"$CXX"} c++ g++ clang++; do
    echo 'int tg_probe() { bool b = true; return b; }' >"$scratch/probe.cc"
    echo 'int new_(int class);' >"$scratch/bad.cc"
    # shellcheck disable=SC2086
    if compiles "$scratch/probe.cc" $c 2>/dev/null && ! compiles "$scratch/bad.cc" $c 2>/dev/null
    then
        cxx=$c
        break
    fi
done

failed=0 headers=0
for header in "$top"/include/*.h "$top"/include/tapegrad/*.h; do
    test -f "$header" || continue
    name=${header#"$top/include/"}
    headers=$((headers + 1))
    printf '#include "%s"\n#include "%s"\nint tg_probe(void);\n' "$name" "$name" >"$scratch/a.c"
    cp "$scratch/a.c" "$scratch/a.cc"
    # shellcheck disable=SC2086
    compiles "$scratch/a.c" $CC -std=c11 || { echo "$name: does not compile as C11"; failed=1; }
    test -n "$cxx" || continue
    # shellcheck disable=SC2086
    compiles "$scratch/a.cc" $cxx || { echo "$name: does not compile as C++"; failed=1; }
done

echo "$headers headers with $CC${cxx:+ and $cxx}"
test -n "$cxx" || echo "no C++ compiler found: the headers were tried as C only"
if test $headers = 0; then
    echo "no headers found in $top/include: looked in the wrong place"
    exit 1
fi
exit $failed
