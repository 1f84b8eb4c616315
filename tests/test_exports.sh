#!/bin/sh
# test_exports.sh - the shared library shows the functions of the public headers, and tg_ only.
set -eu
top=${srcdir:-.}
CC=${CC:-cc}
NM=${NM:-nm}

library=
test ! -f libtapegrad.la || library=$(sed -n "s/^dlname='\(.*\)'$/\1/p" libtapegrad.la)
if test -z "$library" || ! test -f ".libs/$library"; then
    echo "no shared library was built (--disable-shared): its symbols are not checked"
    exit 77
fi
library=.libs/$library

# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/support/scratch.sh"

# The names declared in C headers, from the text after the preprocessor: everything that a
# system header brought is dropped by its line marks, then whatever stands in braces, then
# static functions and typedefs. What is left of a declaration before its first bracket ends
# with the name; without a bracket it is data, if extern.
declared() { # FOLDER HEADER...
    folder=$1
    shift
    for header in "$@"; do echo "#include \"$header\""; done >"$scratch/all.c"
    # shellcheck disable=SC2086
    $CC -std=c11 -E -I"$folder" "$scratch/all.c" | awk -v folder="$folder/" '
    /^#/ { ours = index($0, "\"" folder) > 0; next }
    !ours { next }
    {
        line = $0
        for (i = 1; i <= length(line); i++) {
            c = substr(line, i, 1)
            if (c == "{") depth++
            else if (c == "}") { depth--; if (depth == 0 && text ~ /\)[[:space:]]*$/) text = "" }
            else if (depth > 0) continue
            else if (c == ";") { declaration(text); text = "" }
            else text = text c
        }
        text = text " "
    }
    function declaration(text) {
        gsub(/__attribute__[[:space:]]*\(\(.*\)\)/, "", text)
        if (text ~ /(^|[[:space:]])(typedef|static)[[:space:]]/) return
        if (text ~ /\(/) sub(/[[:space:]]*\(.*/, "", text)
        else if (text !~ /(^|[[:space:]])extern[[:space:]]/) return
        sub(/[[:space:]]*\[.*/, "", text)
        sub(/[[:space:]]+$/, "", text)
        sub(/.*[^A-Za-z0-9_]/, "", text)
        if (text != "") print text
    }' | sort -u
}

# That the test can fail: every kind of declaration that must be seen, and what must not be.
mkdir -p "$scratch/h"
cat >"$scratch/h/a.h" <<'END'
#include <stddef.h>
#include <stdlib.h>
typedef struct tg_s { int (*call)(void *user); int n; } tg_s;
typedef void (*tg_callback)(int);
enum { TG_A, TG_B };
struct tg_t;
static inline int tg_inline(int x) { return x; }
size_t tg_plain(void);
struct tg_s *
tg_two_lines(const tg_s *s,
             int (*f)(int));
int tg_printf(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
#define OPS(X) X(tg_first) X(tg_second)
#define X(name) tg_s *name(tg_s *x);
OPS(X)
extern const int tg_table[3];
END
declared "$scratch/h" a.h >"$scratch/got"
sort >"$scratch/want" <<'END'
tg_first
tg_plain
tg_printf
tg_second
tg_table
tg_two_lines
END
if ! diff "$scratch/want" "$scratch/got"; then
    echo "the check itself does not read declarations as it should (above)"
    exit 1
fi

# shellcheck disable=SC2086
if ! $NM -D --defined-only "$library" >"$scratch/nm" 2>/dev/null; then
    echo "$NM cannot list dynamic symbols here: not checked"
    exit 77
fi
awk 'NF >= 3 { print $3 }' "$scratch/nm" | sed 's/@.*//' | sort -u >"$scratch/exported"
# shellcheck disable=SC2046
declared "$top/include" $(cd "$top/include" && ls tapegrad/*.h) >"$scratch/declared"
echo "$(wc -l <"$scratch/exported") names in $library, $(wc -l <"$scratch/declared") declared"

failed=0
if grep -v '^tg_' "$scratch/exported"; then
    echo "exported by the library (above), and not ours to export: only ^tg_ is"
    failed=1
fi
comm -13 "$scratch/exported" "$scratch/declared" >"$scratch/difference"
if test -s "$scratch/difference"; then
    cat "$scratch/difference"
    echo "declared in a public header (above), and not in the library"
    failed=1
fi
comm -23 "$scratch/exported" "$scratch/declared" | grep '^tg_' >"$scratch/difference" || true
if test -s "$scratch/difference"; then
    cat "$scratch/difference"
    echo "exported by the library (above), and declared in no public header"
    failed=1
fi
test -s "$scratch/declared" || { echo "no declaration found in $top/include"; failed=1; }
exit $failed
