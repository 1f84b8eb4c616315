#!/usr/bin/python3
"""regress.py - two builds of tapegrad side by side: which cases of tgbench got slower or faster.

    regress.py BEFORE AFTER [--threads T] [--seconds S] [--rounds R] [--mnist DIR] [CASE...]

BEFORE and AFTER are build folders in which `make tests/bench/tgbench` was run.  In each round both
programs run every case for S seconds, eagerly and by a plan, one directly after the other and in turns as
the first.  The ratio of a round is AFTER's fastest block over BEFORE's; the table has the median of the
rounds with the least and the greatest, and marks the cases of which all rounds but one lie on one side of
1 and the median is more than 3 % away from it.  Ends with the geometric means, and with status 1 where one
of them is above 1.03.  Needs Python 3 and nothing else."""
import argparse
import json
import os
import statistics
import subprocess
import sys

CASES = ("mlp_sgd mlp_momentum mlp_adagrad mlp_adam tobig_adam wide_sgd xor_sgd chain chain_abc softmax_ce "
         "logsumexp convnet_adam mlp_epoch_adam startup gemm").split()
FAR = 0.03


def times(build, case, way, o):
    """Milliseconds by the names that a case's lines have: the fastest block of each."""
    command = [os.path.join(build, "tests/bench/tgbench"), case, "--threads", str(o.threads),
               "--seconds", str(o.seconds)]
    command += ["--mnist", o.mnist] if o.mnist else []
    command += ["--plan"] if way == "plan" else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["case"]: line.get("ms_min", line["ms_per_step"]) for line in found}


def measure(o):
    """Ratios of the rounds by (name, way)."""
    ratios = {}
    for r in range(o.rounds):
        for case in o.cases or CASES:
            print(f"round {r + 1}: {case}", file=sys.stderr)
            for way in ("eager", "plan"):
                took = {}
                for which in ("before", "after") if r % 2 == 0 else ("after", "before"):
                    took[which] = times(getattr(o, which), case, way, o)
                for name, ms in took["before"].items():
                    ratios.setdefault((name, way), []).append(took["after"][name] / ms)
    return ratios


def mark(rounds):
    median, slower = statistics.median(rounds), sum(x > 1 for x in rounds)
    if median > 1 + FAR and slower >= len(rounds) - 1:
        return "slower"
    if median < 1 - FAR and slower <= 1:
        return "faster"
    return ""


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    a.add_argument("before")
    a.add_argument("after")
    a.add_argument("cases", nargs="*")
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--seconds", type=float, default=0.3)
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--mnist", default=None)
    o = a.parse_intermixed_args()
    ratios = measure(o)
    print(f"after / before, {o.threads} thread(s), median (least-greatest) of {o.rounds} rounds")
    for (name, way), rounds in ratios.items():
        print(f"{name:<24} {way:<6} {statistics.median(rounds):6.3f} ({min(rounds):.3f}-{max(rounds):.3f})  "
              f"{mark(rounds)}".rstrip())
    bad = False
    for way in ("eager", "plan"):
        mean = statistics.geometric_mean(statistics.median(r) for (_, w), r in ratios.items() if w == way)
        bad |= mean > 1 + FAR
        print(f"geometric mean, {way}: {mean:.3f}")
    sys.exit(bad)


if __name__ == "__main__":
    main()
