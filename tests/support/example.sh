#!/bin/sh
# example.sh GOLDEN - runs an example at a small size and compares what it prints.
#
# tests/golden/NAME.golden: lines "args: ...", "quick: ..." and "tolerance: ...", then the expected
# output.  Words must be equal; numbers may differ by the tolerance, relative to the larger of them
# and 1.  With EXAMPLE_RUNNER (valgrind) the quick arguments are used and nothing is compared.
set -eu
# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/scratch.sh"
EXAMPLE_RUNNER=${EXAMPLE_RUNNER-}
golden=$1
name=$(basename "$golden" .golden)
program=${EXAMPLES_DIR:-examples}/$name
out=$scratch

key=args
test -z "$EXAMPLE_RUNNER" || key=quick
args=$(sed -n "s|OUT|$out|; s/^$key: *//p" "$golden")
# shellcheck disable=SC2086  # words on purpose
$EXAMPLE_RUNNER "$program" $args >"$out/stdout" 2>"$out/stderr" || {
    echo "$name $args: exit status $?"
    cat "$out/stderr"
    exit 1
}
sed "s|$out|OUT|g" "$out/stdout" >"$out/got"
sed '/^args:/d; /^quick:/d; /^tolerance:/d' "$golden" >"$out/want"

test -n "$EXAMPLE_RUNNER" || awk -v tolerance="$(sed -n 's/^tolerance: *//p' "$golden")" -v name="$name" '
    function number(s) { return s ~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?,?$/ }
    function size(x) { return x < 0 ? -x : x }
    NR == FNR { want[NR] = $0; lines = NR; next }
    {
        n = split(want[FNR], w, /[ \t]+/)
        m = split($0, g, /[ \t]+/)
        bad = n != m
        for (i = 1; i <= n && !bad; i++)
            if (number(w[i]) && number(g[i])) {
                scale = size(w[i] + 0) > 1 ? size(w[i] + 0) : 1
                bad = size(w[i] - g[i]) > tolerance * scale
            } else bad = w[i] != g[i]
        if (bad) { printf "%s, line %d: expected\n  %s\ngot\n  %s\n", name, FNR, want[FNR], $0; failed = 1 }
    }
    END {
        if (FNR != lines) { printf "%s: %d lines, expected %d\n", name, FNR, lines; failed = 1 }
        exit failed
    }' "$out/want" "$out/got"

case $name in custom_layer | custom_op | first | hello) exit 0 ;; esac # these write no files
for file in "$out/$name.csv" "$out/$name.svg"; do
    test -s "$file" || { echo "$name: $file was not written"; exit 1; }
done
