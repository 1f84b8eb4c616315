#!/usr/bin/python3
"""gemm_compare.py - gemmbench beside a BLAS, alternating in one run: a table of ratios.

    gemm_compare.py GEMMBENCH SOURCE [--threads N] [--rounds R]

GEMMBENCH is the program, SOURCE the peer's: gemm_bench.c, which is built against OpenBLAS where that is
installed.  A figure is the median over the rounds of gflops; a ratio is tapegrad's over the peer's, so more
than 1 is faster.  Without OpenBLAS tapegrad's figures stand alone.  Needs Python 3 and a C compiler ($CC)."""
import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile


def build(source, program):
    """Whether the peer's program could be built."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "openblas"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False).stdout.split()
    command = shlex.split(os.environ.get("CC") or "cc")
    command += ["-O2", source, "-o", program] + (flags or ["-lopenblas"]) + ["-lm"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def measure(command, environment, figures):
    """Adds a run's gflops to the lists in figures, by case."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    for line in done.stdout.splitlines():
        result = json.loads(line)
        figures.setdefault(result["case"], []).append(result["gflops"])


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("gemmbench")
    a.add_argument("source")
    a.add_argument("--threads", default="1")
    a.add_argument("--rounds", type=int, default=3)
    o = a.parse_args()
    environment = dict(os.environ, OPENBLAS_NUM_THREADS=o.threads)
    environment.pop("OPENBLAS_CORETYPE", None)  # it would hide instruction sets from the peer
    ours, theirs, ratios = {}, {}, {"s": [], "d": []}
    with tempfile.TemporaryDirectory() as folder:
        peer = os.path.join(folder, "peer")
        known = os.path.exists(o.source) and build(o.source, peer)
        for _ in range(o.rounds):
            measure([o.gemmbench, "--threads", o.threads], environment, ours)
            if known:
                measure([peer, "openblas", o.threads], environment, theirs)
    print(f"{'case':26}{'tapegrad':>10}{'openblas':>10}{'ratio':>8}   GFLOP/s")
    for case, figures in ours.items():
        line = f"{case:26}{statistics.median(figures):10.1f}"
        if case in theirs:
            peers = statistics.median(theirs[case])
            ratios[case[0]].append(statistics.median(figures) / peers)
            line += f"{peers:10.1f}{ratios[case[0]][-1]:8.3f}"
        print(line)
    for kind, name in (("s", "f32"), ("d", "f64")):
        if ratios[kind]:
            mean = math.exp(statistics.mean(math.log(r) for r in ratios[kind]))
            print(f"{name}: geometric mean {mean:.3f}, least {min(ratios[kind]):.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
