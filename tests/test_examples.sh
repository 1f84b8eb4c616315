#!/bin/sh
# test_examples.sh - how examples fail (one clear line, no success), and the trajectories of
# optimizer_compare_naive against the reference.
set -eu
dir=${EXAMPLES_DIR:-examples}
# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/support/scratch.sh"
out=$scratch
failed=0
complain() { echo "$script: $*"; failed=1; }

# refused EXPECTED-LINE PROGRAM ARGUMENTS...
refused() {
    want=$1
    shift
    if "$@" >/dev/null 2>"$out/err"; then complain "$* succeeded"; fi
    test "$(cat "$out/err")" = "$want" || complain "$*: said '$(cat "$out/err")', not '$want'"
}
refused "xor: --frobnicate is not a flag (see --help)" "$dir/xor" --frobnicate 1
refused "xor: --seed needs a value (see --help)" "$dir/xor" --seed
refused "xor: --seed needs a number (see --help)" "$dir/xor" --seed x
refused "xor: --threads needs a number up to 1024 (see --help)" "$dir/xor" --threads 2000
refused "xor: --dtype is f32 or f64 (see --help)" "$dir/xor" --dtype f16
refused "xor: cannot write '$out/none/xor.csv': No such file or directory" \
    "$dir/xor" --iterations 2 --out "$out/none"
refused "optimizer_compare_mnist: cannot open '$out/train-images-idx3-ubyte': No such file or directory" \
    "$dir/optimizer_compare_mnist" --data "$out" --out "$out"
for name in adding batch_norm_gradient_check batch_norm_test convnet gradient_penalty \
    hyperparameter_optimization linear_vs_mlp optimizer_compare_mnist optimizer_compare_naive \
    optimizer_surface overfit_dropout overfit_weight_decay transformer \
    weight_init_activation_histogram weight_init_compare weight_init_symmetry xor; do
    "$dir/$name" --help | grep -q -e "--dtype f32|f64" || complain "$name --help"
done

# A full disk: the folder's files are links to /dev/full.
if test -c /dev/full; then
    ln -s /dev/full "$out/xor.csv"
    refused "xor: cannot write '$out/xor.csv': No space left on device" \
        "$dir/xor" --iterations 2 --out "$out"
    rm "$out/xor.csv"
fi

reference=${TAPEGRAD_SHARED:-none}/reference/ch06/optimizer_compare_naive.csv
"$dir/optimizer_compare_naive" --out "$out" >/dev/null
if test -f "$reference"; then
    awk -F, '
        function near(a, b, d) { d = a - b; if (d < 0) d = -d
                                 return d <= 1e-12 * (b < 0 ? -b : b) || d <= 1e-15 }
        FNR == 1 { next }
        NR == FNR { x[$1, $2] = $3; y[$1, $2] = $4; f[$1, $2] = $5; next }
        { want = $2 == "x" ? x[$1, $3] : $2 == "y" ? y[$1, $3] : f[$1, $3]; rows++
          if (want == "" || !near($4, want)) { print "test_examples: naive:", $0, "expected", want; bad = 1 } }
        END { if (rows != 4 * 31 * 3) { print "test_examples: naive: rows", rows; bad = 1 } exit bad }
    ' "$reference" "$out/optimizer_compare_naive.csv" || failed=1
else
    echo "test_examples: no $reference, trajectories not compared"
fi
exit $failed
