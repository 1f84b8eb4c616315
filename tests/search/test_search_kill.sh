#!/bin/sh
# test_search_kill.sh - a search that is killed at random moments, again and again, and continued
# each time, ends with the files of one that was left alone.
set -eu
program=${EXAMPLES_DIR:-examples}/hyperparameter_optimization
# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/../support/scratch.sh"
out=$scratch
kills=20
test -z "${TG_TEST_QUICK-}" || kills=5
mkdir "$out/whole" "$out/killed"

search() { # FOLDER ARGUMENTS...
    folder=$1
    shift
    exec "$program" --trials 16 --epochs 3 --images 250 --rounds 3 --out "$folder" "$@"
}
(search "$out/whole" --threads 1) >"$out/whole/stdout" 2>/dev/null

lines() { cat "$out"/killed/journal.* 2>/dev/null | wc -l; }

# The moments: up to 2 finished trials and 40 ms later, from a generator of its own, so that a
# failure can be repeated.  A search that ended before its kill begins anew, and that one does not
# count.
seed=12345 killed=0 tries=0 moments=
while test "$killed" -lt "$kills"; do
    tries=$((tries + 1))
    test "$tries" -le 200 || fail "$killed of $kills kills hit the search"
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    until=$(($(lines) + seed / 65536 % 3))
    (search "$out/killed" --threads 2 --journal "$out/killed/journal") >/dev/null 2>"$out/err" &
    pid=$!
    while test "$(lines)" -lt "$until" && kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    sleep "0.0$((seed / 262144 % 4))$((seed / 1048576 % 10))"
    if kill -KILL "$pid" 2>/dev/null; then :; fi
    status=0
    wait "$pid" 2>/dev/null || status=$?
    case $status in
        137)
            killed=$((killed + 1))
            moments="$moments $(lines)"
            ;;
        0) rm -f "$out"/killed/* ;;
        *) fail "exit status $status after $killed kills: $(cat "$out/err")" ;;
    esac
done
(search "$out/killed" --threads 2 --journal "$out/killed/journal") >"$out/killed/stdout" 2>/dev/null

failed=0
for file in hyperparameter_optimization.csv hyperparameter_optimization.svg; do
    cmp "$out/whole/$file" "$out/killed/$file" || failed=1
done
sed '/^wrote/d' "$out/whole/stdout" >"$out/a"
sed '/^wrote/d' "$out/killed/stdout" | cmp "$out/a" - || failed=1
for round in 1 2 3; do
    n=$(wc -l <"$out/killed/journal.$round")
    test "$n" -eq 18 || { echo "test_search_kill: journal.$round has $n lines"; failed=1; }
done
echo "test_search_kill: $killed kills in $tries tries, at journal lines$moments"
exit $failed
