#!/bin/sh
# test_layering.sh - includes point one way: include <- graph <- ops <- src <- tests, and include <-
# examples <- tests; and so do the symbols of the objects: graph <- ops <- src.
set -eu
top=${srcdir:-.}
CC=${CC:-cc}
NM=${NM:-nm}

# Prints each include under ROOT that the table does not allow, and how many it looked at.
# An include in quotes is looked up like the compiler does: beside the file, at the top, in
# include/. What is in none of them is reported too, but for the generated config.h.
violations() { # ROOT
    (cd "$1" && find include graph ops src examples tests -type f 2>/dev/null |
        grep '\.\(c\|h\|inc\|def\)$' | sort) >"$scratch/files"
    (cd "$1" && xargs grep -En '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null) \
        <"$scratch/files" >"$scratch/includes" || true
    awk '
    function normal(path,    part, n, i, out, depth) {
        n = split(path, part, "/"); depth = 0
        for (i = 1; i <= n; i++) {
            if (part[i] == "" || part[i] == ".") continue
            if (part[i] == ".." && depth > 0) depth--
            else out[++depth] = part[i]
        }
        path = out[1]
        for (i = 2; i <= depth; i++) path = path "/" out[i]
        return path
    }
    function layer(path) { sub(/\/.*/, "", path); return path }
    BEGIN {
        may["include"] = " include "
        may["graph"] = " include graph "
        may["ops"] = " include graph ops "
        may["src"] = " include graph ops src "
        may["examples"] = " include examples "
        may["tests"] = " include graph ops src examples tests "
    }
    NR == FNR { exists[$0] = 1; next }
    {
        file = $0; sub(/:.*/, "", file)
        rest = substr($0, length(file) + 2)
        line = rest; sub(/:.*/, "", line)
        quoted = rest ~ /include[[:space:]]*"/
        name = rest; sub(/^[^"<]*["<]/, "", name); sub(/[">].*/, "", name)
        folder = file; sub(/[^\/]*$/, "", folder)
        total++

        target = ""
        if (quoted && (normal(folder name) in exists)) target = normal(folder name)
        else if (quoted && (normal(name) in exists)) target = normal(name)
        else if (normal("include/" name) in exists) target = normal("include/" name)

        if (target != "") {
            if (!index(may[layer(file)], " " layer(target) " "))
                print file ":" line ": " layer(file) "/ must not include " target
        } else if (quoted && name != "config.h" && name != "tests/src/null_calls.inc")
            print file ":" line ": there is no " name
    }
    END { print total + 0 > "/dev/stderr" }' "$scratch/files" "$scratch/includes" 2>"$scratch/total"
}

# Prints each symbol that an object under BUILD wants and only a layer above its own has.  Objects of
# files that are no longer in SOURCE are left over from an earlier build.
upward() { # BUILD SOURCE
    (cd "$1" && find graph ops src -name '*.o' 2>/dev/null | sort) | while read -r object; do
        folder=${object%/*}
        folder=${folder%/.libs}
        name=${object##*/}
        name=${name%.o}
        case $name in lib*_la-*) name=${name#lib*_la-} ;; esac
        test ! -f "$2/$folder/$name.c" || echo "$object"
    done >"$scratch/objects"
    # shellcheck disable=SC2086
    (cd "$1" && xargs $NM -A -P -g) <"$scratch/objects" >"$scratch/symbols" 2>/dev/null || true
    awk '
    function layer(path) { return path ~ /^graph/ ? 1 : path ~ /^ops/ ? 2 : path ~ /^src/ ? 3 : 0 }
    {
        file = $1; sub(/:$/, "", file); sub(/\[.*/, "", file)
        if (!layer(file)) next
        if ($3 ~ /^[Uwv]$/) wanted[file " " $2]
        else if (!($2 in at) || layer(file) < at[$2]) {
            at[$2] = layer(file)
            home[$2] = file
        }
    }
    END {
        for (want in wanted) {
            split(want, part, " ")
            if (!(part[2] in at)) continue # of libc
            total++
            if (at[part[2]] > layer(part[1])) print part[1] ": " part[2] " is in " home[part[2]]
        }
        print total + 0 > "/dev/stderr"
    }' "$scratch/symbols" 2>"$scratch/total" | sort
}

# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/support/scratch.sh"

# That the test can fail: a small tree with every kind of violation, and some rightful lines.
bad=$scratch/bad
mkdir -p "$bad/include/tapegrad" "$bad/graph" "$bad/ops/kernels" "$bad/src" "$bad/examples" \
    "$bad/tests/support"
: >"$bad/include/tapegrad.h"
echo '#include "ops/op.h"' >"$bad/include/tapegrad/a.h"
echo '#include <stdio.h>' >"$bad/graph/tape.h"
printf '#include "tapegrad/a.h"\n#include "tape.h"\n# include "../ops/op.h"\n' >"$bad/graph/b.c"
printf '#include "graph/tape.h"\n#include "config.h"\n#include "src/dict.h"\n' >"$bad/ops/op.h"
printf '#include "../op.h"\n#include "../../src/dict.h"\n' >"$bad/ops/kernels/k.c"
printf '#include "../tests/support/close.h"\n#include "ops/op.h"\n' >"$bad/src/dict.h"
printf '#include <tapegrad.h>\n#include "graph/tape.h"\n' >"$bad/examples/e.c"
printf '#include "graph/tape.h"\n#include "nowhere.h"\n' >"$bad/tests/support/close.h"
violations "$bad" >"$scratch/got"
sort >"$scratch/want" <<'END'
examples/e.c:2: examples/ must not include graph/tape.h
graph/b.c:3: graph/ must not include ops/op.h
include/tapegrad/a.h:1: include/ must not include ops/op.h
ops/kernels/k.c:2: ops/ must not include src/dict.h
ops/op.h:3: ops/ must not include src/dict.h
src/dict.h:1: src/ must not include tests/support/close.h
tests/support/close.h:2: there is no nowhere.h
END
if ! sort "$scratch/got" | diff "$scratch/want" -; then
    echo "the check itself does not see what it should (above)"
    exit 1
fi

violations "$top" >"$scratch/got"
echo "$(cat "$scratch/total") includes in $(wc -l <"$scratch/files") files"
if test "$(cat "$scratch/total")" = 0; then
    echo "no includes found in $top: looked in the wrong place"
    exit 1
fi
if test -s "$scratch/got"; then
    cat "$scratch/got"
    exit 1
fi

# ---- symbols

# The same: a call up from each layer, calls down and beside, and what a file that is gone left.
bad=$scratch/calls
mkdir -p "$bad/graph/plan" "$bad/ops" "$bad/src"
compiled() { # FILE TEXT
    echo "$2" >"$bad/$1.c"
    # shellcheck disable=SC2086
    (cd "$bad" && $CC ${COMPILE_FLAGS-} -c "$1.c" -o "$1.o")
}
compiled graph/tape 'int ops_a(void); int graph_a(void); int graph_a(void) { return ops_a(); }'
compiled graph/plan/plan 'int graph_a(void); extern int src_b; int graph_b(void);
    int graph_b(void) { return graph_a() + src_b; }'
compiled ops/add 'int graph_b(void); int src_a(void); int ops_a(void);
    int ops_a(void) { return graph_b() + src_a(); }'
compiled src/dict 'int ops_a(void); int graph_a(void); int src_a(void); extern int src_b; int src_b = 1;
    int src_a(void) { return ops_a() + graph_a(); }'
compiled ops/gone 'int src_a(void); int gone(void); int gone(void) { return src_a(); }'
rm "$bad/ops/gone.c"
mkdir "$bad/ops/.libs"
mv "$bad/ops/add.o" "$bad/ops/.libs/liball_la-add.o"
upward "$bad" "$bad" | sed 's/ _/ /g' >"$scratch/got"
if ! test -s "$scratch/symbols"; then
    echo "$NM shows no symbols here: calls between the layers are not checked"
    exit 0
fi
cat >"$scratch/want" <<'END'
graph/plan/plan.o: src_b is in src/dict.o
graph/tape.o: ops_a is in ops/.libs/liball_la-add.o
ops/.libs/liball_la-add.o: src_a is in src/dict.o
END
if ! diff "$scratch/want" "$scratch/got"; then
    echo "the check itself does not see what it should (above)"
    exit 1
fi

upward . "$top" >"$scratch/got"
echo "$(cat "$scratch/total") symbols wanted by $(wc -l <"$scratch/objects") objects"
if test "$(cat "$scratch/total")" = 0; then
    echo "no symbols found in the objects of the library: calls between the layers are not checked"
    exit 0
fi
if test -s "$scratch/got"; then
    cat "$scratch/got"
    echo "a layer calls the one above it (above)"
    exit 1
fi
