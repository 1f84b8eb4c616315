#!/bin/sh
# test_resume.sh - a training that is killed with SIGKILL at a random moment, again and again, and
# started again each time, ends with the same bytes as one that is left alone.
#
# SEED repeats a run's moments (as far as a machine can).  TG_TEST_QUICK: 5 kills in place of 20.
set -eu
program=${TESTS_DIR:-tests/train}/resume_program
seed=${SEED:-$(date +%s)}
kills=20
steps=120
test -z "${TG_TEST_QUICK-}" || { kills=5; steps=40; }

# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/../support/scratch.sh"
out=$scratch
running=
trap 'test -z "$running" || kill -9 "$running" 2>/dev/null || :; rm -rf "$scratch"' EXIT
mkdir "$out/whole" "$out/parts"
script="$script: seed $seed"

"$program" "$out/whole" "$steps" >"$out/took" # the first run also warms up the disk
rm -r "$out/whole" && mkdir "$out/whole"
"$program" "$out/whole" "$steps" >"$out/took"
took=$(cat "$out/took")

# A moment in milliseconds for each kill.  Their mean is a share of the whole run that leaves the
# last kill before its end most of the time; a run that ends early is compared and begun anew.
awk -v seed="$seed" -v n=$((3 * kills)) -v most="$((took * 14 / 10 / kills))" '
    BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f\n", (2 + rand() * (most + 10)) / 1000 }
' >"$out/moments"

finished=0 # runs that were not killed
compare() {
    for file in Adam.npz Nesterov.npz Adam.params.npz Nesterov.params.npz curves.csv; do
        cmp "$out/whole/$file" "$out/parts/$file" || fail "$file differs after $killed kills"
    done
    finished=$((finished + 1))
}

killed=0
halves=0
while read -r moment && test "$killed" -lt "$kills"; do
    "$program" "$out/parts" "$steps" >/dev/null 2>"$out/err" &
    running=$!
    sleep "$moment"
    kill -9 "$running" 2>/dev/null || :
    status=0
    wait "$running" 2>/dev/null || status=$?
    running=
    case $status in
    137)
        killed=$((killed + 1))
        for file in "$out"/parts/*.tmp; do # cut off in the middle of a file
            test -e "$file" || continue
            halves=$((halves + 1))
            rm "$file"
        done
        ;;
    0)
        compare
        rm -r "$out/parts" && mkdir "$out/parts"
        ;;
    *) fail "exit status $status: $(cat "$out/err")" ;;
    esac
done <"$out/moments"
test "$killed" = "$kills" || fail "killed $killed times only, took $took ms"

"$program" "$out/parts" "$steps" >"$out/took" || fail "the last run: exit status $?"
compare
# Once more, with nothing left to do; and two runs of other steps differ, so that cmp can fail.
"$program" "$out/parts" "$steps" >"$out/took"
compare
"$program" "$out/whole" $((steps + 1)) >/dev/null 2>"$out/err" && fail "another schedule was taken"
grep -q "belongs to another run: there 'schedule.length=$steps'" "$out/err" || fail "$(cat "$out/err")"
mkdir "$out/other"
"$program" "$out/other" $((steps + 1)) >/dev/null
! cmp -s "$out/whole/Adam.params.npz" "$out/other/Adam.params.npz" || fail "the end is always the same"
echo "seed $seed: killed $killed times, $halves of them while writing;" \
    "$finished whole runs of $took ms, bit for bit the same"
