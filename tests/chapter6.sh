#!/bin/sh
# chapter6.sh [DATA [OUT]] - runs every experiment of chapter 6 and prints a line for each: its name,
# the seconds it took, the figure of check_bands.py, and whether it is inside the band.
#
#   chapter6.sh          drawn digits, a small size: part of make check; no band, files are looked at
#   chapter6.sh -        drawn digits, at the size of the book
#   chapter6.sh DATA     MNIST from the folder DATA, against the bands in $TAPEGRAD_SHARED/reference
#
# OUT keeps the CSV, SVG and text of every experiment; without it they are removed.  SEEDS="1 2 3"
# runs each with several seeds, whose results are averaged; FLAGS="--dtype f64" goes to all.
set -u
data=${1-}
dir=${EXAMPLES_DIR:-examples}
shared=${TAPEGRAD_SHARED:-$(dirname "$0")/../../shared}
check=$shared/reference/check_bands.py
out=${2-}
if test -z "$out"; then
    # shellcheck source=tests/support/scratch.sh
    . "$(dirname "$0")/support/scratch.sh"
    out=$scratch
fi
mkdir -p "$out" || exit 1
failed=0

# band NAME REFERENCE IMAGES: the last line of check_bands.py, with what is outside above it.
band() {
    reference=$shared/reference/ch06/$2.csv
    if test -z "$data" || test "$data" = -; then
        case $2 in weight_init_activation_*) ;; *) return 0 ;; esac # needs no images
    fi
    if test -z "$data" || ! test -f "$reference" || ! command -v python3 >/dev/null; then return 0; fi
    python3 "$check" "$out/$1.csv" "$reference" --images "$3" >"$out/$1.band" 2>&1
    status=$?
    figure="$(tail -n 1 "$out/$1.band")"
    if test $status -eq 0; then verdict=inside; else verdict=OUTSIDE failed=1; fi
    printf '    %s: %s: %s\n' "$2" "$verdict" "$figure"
    sed -n '/^outside:/s/^/        /p; /^absent/s/^/        /p' "$out/$1.band" | head -n 5
}

# exact NAME: optimizer_compare_naive has one right answer, to 1e-12.
exact() {
    reference=$shared/reference/ch06/$1.csv
    test -f "$reference" || return 0
    if awk -F, '
        function off(a, b, d) { d = a - b; if (d < 0) d = -d; if (b < 0) b = -b
                                return d > 1e-15 && d > 1e-12 * b }
        FNR == 1 { next }
        NR == FNR { want[$1, "x", $2] = $3; want[$1, "y", $2] = $4; want[$1, "f", $2] = $5; next }
        { n++; if (off($4, want[$1, $2, $3])) bad++ }
        END { printf "    '"$1"': %s: %d of %d points equal to 1e-12\n",
                     bad || n != 372 ? "OUTSIDE" : "inside", n - bad, n; exit bad > 0 || n != 372 }
    ' "$reference" "$out/$1.csv"; then :; else failed=1; fi
}

# experiment NAME SMALL-FLAGS [FLAG...]: runs it with every seed; FLAGs are for the full size.
experiment() {
    name=$1 small=$2
    shift 2
    if ! test -x "$dir/$name"; then
        printf '%-34s FAILED: there is no %s\n' "$name" "$dir/$name"
        failed=1
        return 1
    fi
    start=$(date +%s)
    if test -z "$data"; then
        # shellcheck disable=SC2086  # words on purpose
        set -- $small
    elif test "$data" != -; then
        set -- "$@" --data "$data"
    fi
    rm -f "$out/$name.all"
    for seed in ${SEEDS:-1}; do
        # shellcheck disable=SC2086
        if ! "$dir/$name" "$@" ${FLAGS-} --seed "$seed" --out "$out" >"$out/$name.txt" 2>"$out/$name.err"
        then
            printf '%-34s FAILED: %s\n' "$name" "$(tail -n 1 "$out/$name.err")"
            failed=1
            return 1
        fi
        for file in "$out/$name.csv" "$out/$name.svg"; do
            test -s "$file" || { printf '%-34s FAILED: no %s\n' "$name" "$file"; failed=1; }
        done
        test -f "$out/$name.all" || head -n 1 "$out/$name.csv" >"$out/$name.all"
        sed 1d "$out/$name.csv" >>"$out/$name.all"
    done
    mv "$out/$name.all" "$out/$name.csv"
    printf '%-34s %3d s  %s\n' "$name" $(($(date +%s) - start)) \
        "$(grep -v '^wrote' "$out/$name.txt" | tail -n 1)"
}

began=$(date +%s)
experiment optimizer_surface ""
experiment optimizer_compare_naive "" && exact optimizer_compare_naive
experiment optimizer_compare_mnist "--iterations 21 --images 200" &&
    band optimizer_compare_mnist optimizer_compare_mnist 1000
experiment weight_init_activation_histogram "--rows 50" &&
    for kind in stats histogram; do
        band weight_init_activation_histogram weight_init_activation_$kind 1000
    done
experiment weight_init_compare "--iterations 21 --images 200" &&
    band weight_init_compare weight_init_compare 1000
experiment weight_init_symmetry "--iterations 21 --images 200"
experiment batch_norm_gradient_check "--samples 5" --dtype f64 &&
    band batch_norm_gradient_check batch_norm_gradient_check 1000
experiment batch_norm_test "--epochs 2 --images 100" && band batch_norm_test batch_norm_test 1000
experiment overfit_weight_decay "--epochs 3 --images 100 --test-images 100" &&
    band overfit_weight_decay overfit_weight_decay 300
experiment overfit_dropout "--epochs 3 --images 100 --test-images 100" &&
    band overfit_dropout overfit_dropout 300
if test -x "$dir/hyperparameter_optimization"; then
    experiment hyperparameter_optimization "--trials 3 --rounds 1 --epochs 2" &&
        band hyperparameter_optimization hyperparameter_optimization 100
fi
printf 'chapter 6: %s after %d s\n' "$(test $failed -eq 0 && echo passed || echo FAILED)" \
    $(($(date +%s) - began))
exit $failed
