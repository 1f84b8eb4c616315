#!/bin/sh
# test_headers.sh - every public header compiles alone, twice over, without a warning in every
# language that tapegrad.h promises; tapegrad.h also after macros that a user may have.
set -eu
top=${srcdir:-.}
CC=${CC:-cc}
strict='-Wall -Wextra -Wpedantic -Wshadow -Werror'

# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/support/scratch.sh"
failed=0

# compiles COMPILER STANDARD FILE...
compiles() {
    command="$1 -std=$2 $strict"
    # Compilers have bool in C89 as an extension; clang must be told to let it pass.
    case $2 in *89) command="$command -Wno-c99-extensions" ;; esac
    shift 2
    # shellcheck disable=SC2086
    $command -I"$top/include" -fsyntax-only "$@" 2>"$scratch/said"
}

# One file for each header: each must include what it needs, in any order.
headers=0
for header in "$top"/include/*.h "$top"/include/tapegrad/*.h; do
    test -f "$header" || continue
    name=${header#"$top/include/"}
    headers=$((headers + 1))
    alone=$scratch/alone_$(echo "$name" | tr / _)
    printf '#include "%s"\n#include "%s"\nint tg_probe(void);\n' "$name" "$name" >"$alone.c"
    cp "$alone.c" "$alone.cc"
done
# Names that other headers and users have for macros; X must still be theirs afterwards.
cat >"$scratch/alone_macros.c" <<'END'
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#define X 1
#define N 2
#define T 3
#define EPS 1e-3
#define near
#define far
#define small char
#define interface struct
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#include <tapegrad.h>
int tg_probe[X];
END
cp "$scratch/alone_macros.c" "$scratch/alone_macros.cc"

# tried SUFFIX STANDARD COMPILER: compiles all files, if the compiler knows the standard.
tried() {
    suffix=$1 standard=$2 compiler=$3
    echo 'int tg_probe(void);' >"$scratch/probe.$suffix"
    compiles "$compiler" "$standard" "$scratch/probe.$suffix" || return 0
    if ! compiles "$compiler" "$standard" "$scratch"/alone_*."$suffix"; then
        echo "$compiler -std=$standard:"
        head -n 30 "$scratch/said"
        failed=1
    fi
    # That it can fail: what a header without its include looks like, and what is not pedantic.
    for bad in 'size_t tg_bad(void);' 'int tg_bad[0];'; do
        echo "$bad" >"$scratch/bad.$suffix"
        if compiles "$compiler" "$standard" "$scratch/bad.$suffix"; then
            echo "$compiler -std=$standard accepts $bad"
            failed=1
        fi
    done
    languages="$languages $standard"
}

# once COMPILER...: each of them that exists, without the repetitions.
once() {
    seen=' '
    for compiler in "$@"; do
        case $seen in *" $compiler "*) continue ;; esac
        command -v "${compiler%% *}" >/dev/null || continue
        seen="$seen$compiler "
        echo "$compiler"
    done
}

once "$CC" gcc clang >"$scratch/c"
once ${CXX:+"$CXX"} g++ clang++ >"$scratch/cxx"
while read -r c; do
    languages=
    for standard in c89 gnu89 c99 c11 gnu17 c2x; do tried c $standard "$c"; done
    echo "$headers headers with $c:$languages"
    case $languages in *c11*) ;; *) echo "$c does not even know C11"; failed=1 ;; esac
done <"$scratch/c"
cxx=0
while read -r c; do
    languages=
    for standard in c++98 c++11 c++17 c++20 c++2b; do tried cc $standard "$c"; done
    test -z "$languages" || cxx=1
    echo "$headers headers with $c:$languages"
done <"$scratch/cxx"


if grep -En '^ *# *define +' "$top"/include/*.h "$top"/include/tapegrad/*.h |
    grep -Ev 'define +(TG|TAPEGRAD)_'; then
    echo "macros (above) that do not begin with TG_ or TAPEGRAD_"
    failed=1
fi
test $cxx = 1 || echo "no C++ compiler found: the headers were tried as C only"
if test $headers = 0; then
    echo "no headers found in $top/include: looked in the wrong place"
    exit 1
fi
exit $failed
