#!/usr/bin/python3
"""compare.py - tgbench beside PyTorch and NumPy in one run: what the machine can do, then a table of ratios.

    compare.py BENCH PEERS MNIST [--threads 1,2] [--seconds S] [--rounds R] [CASE...]

BENCH is the folder of tgbench and limits, PEERS that of bench_torch.py and bench_numpy.py, MNIST that of its
files.  The programs take turns: in each round every one runs for S seconds, in another order each time.  A
ratio is tapegrad's time over the peer's in the same round; the table has the median of the rounds and, in
brackets, the least and the greatest.  PyTorch runs in the way that was fastest for the case in a first try:
eager, foreach or jit, with or without --ftz.  Peers that are not installed are left out.  Needs Python 3 and
nothing else; PYTHON names the one that has the peers."""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys

CASES = ("mlp_sgd mlp_momentum mlp_adagrad mlp_adam tobig_adam wide_sgd wide_adam xor_sgd chain chain_abc "
         "softmax_ce logsumexp convnet_adam mlp_epoch_adam startup gemm").split()
NO_FLOOR = ["xor_sgd"]  # its products are too small to count


def lines(command):
    """The JSON lines of a program; none where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    found = []
    for line in done.stdout.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


def has(python, module):
    return subprocess.run([python, "-c", f"import {module}"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


class Limits:
    """What limits printed."""

    def __init__(self, program):
        self.found = {(line["case"], line["threads"]): line for line in lines([program])}

    def peak(self, threads):
        line = self.found.get(("fma_f32", threads))
        return line and line["gflops"]

    def get(self, case, key):
        return " / ".join(f"{self.found[case, t][key]:.1f}" if (case, t) in self.found else "-" for t in (1, 2))

    def print(self):
        if not self.found:
            return
        print("This machine, with 1 / 2 threads:")
        print(f"  multiply-adds in registers ({self.found['fma_f32', 1]['isa']}): "
              f"f32 {self.get('fma_f32', 'gflops')}, f64 {self.get('fma_f64', 'gflops')} GFLOP/s")
        print("  memory: " + ", ".join(f"{kind} {self.get('memory_' + kind, 'gbytes_per_s')}"
                                       for kind in ("read", "write", "copy")) + " GB/s")
        print(f"  a round trip between two threads: {self.found['hand_off_spinning', 2]['us']:.1f} us spinning, "
              f"{self.found['hand_off_sleeping', 2]['us']:.1f} us sleeping\n")


class Bench:
    """The programs, and what they measured: times[case][program, threads] is a list, one for each round."""

    def __init__(self, options, python):
        self.o = options
        self.python = python
        self.times = {}
        self.gflop = {}  # of a step, by case
        self.way = {}  # of PyTorch, by case

    def command(self, program, case, threads, seconds):
        o = self.o
        rest = [case, "--threads", str(threads), "--seconds", str(seconds), "--mnist", o.mnist]
        if program in ("eager", "plan"):
            return [os.path.join(o.bench, "tgbench")] + ["--plan"] * (program == "plan") + rest
        script = os.path.join(o.peers, f"bench_{program}.py")
        return [self.python, script] + rest + (self.way.get(case, []) if program == "torch" else [])

    def probe(self, case):
        """Sets the fastest way to run PyTorch: a mode with --ftz, then that mode without."""
        best = math.inf, []

        def attempt(way):
            self.way[case] = way
            found = lines(self.command("torch", case, 1, self.o.seconds / 2))
            total = sum(line["ms_per_step"] for line in found) if found else math.inf
            return min(best, (total, way))

        for mode in ("eager", "foreach", "jit") if case not in ("startup", "gemm") else ("eager",):
            best = attempt(["--mode", mode, "--ftz"])
        best = attempt(best[1][:2])
        self.way[case] = best[1]

    def run(self, case, programs):
        """All rounds of a case; returns the names that its lines have."""
        names = []
        turns = [(p, t) for t in self.o.threads for p in programs]
        if "torch" in programs:
            self.probe(case)
        for r in range(self.o.rounds):
            for program, threads in turns[r % len(turns):] + turns[:r % len(turns)]:
                for line in lines(self.command(program, case, threads, self.o.seconds)):
                    name, ms = line["case"], line["ms_per_step"]
                    if name not in names:
                        names.append(name)
                    if line.get("gflops") and name not in NO_FLOOR:
                        self.gflop[name] = line["gflops"] * ms / 1e3
                    self.times.setdefault(name, {}).setdefault((program, threads), []).append(ms)
                    if program == "torch":
                        self.way[name] = self.way[case]
        return names

    def ratios(self, name, ours, theirs):
        """Of each round."""
        a, b = self.times[name].get(ours, []), self.times[name].get(theirs, [])
        return [x / y for x, y in zip(a, b)] if len(a) == len(b) else []


def digits(x, n=3):
    """So many of them, and no exponent."""
    return f"{x:.{max(0, n - 1 - math.floor(math.log10(x)))}f}" if x > 0 else "0"


def spread(ratios):
    if not ratios:
        return "-"
    return f"{digits(statistics.median(ratios))} ({digits(min(ratios), 2)}-{digits(max(ratios), 2)})"


def row(bench, name, threads, peers, peak):
    """The cells of a line of a table."""
    times = bench.times[name]
    ours = [times.get((p, threads)) for p in ("eager", "plan")]
    cells = [name] + [digits(statistics.median(t)) if t else "-" for t in ours]
    if name in bench.gflop and peak and ours[1]:
        cells.append(digits(statistics.median(ours[1]) * peak / bench.gflop[name] / 1e3))
    else:
        cells.append("-")
    for peer in peers:
        cells += [spread(bench.ratios(name, (p, threads), (peer, threads))) for p in ("eager", "plan")]
        if peer == "torch":
            cells.append("".join(bench.way.get(name, ["", "-"])[1:]).replace("--", "-"))
    if threads > 1 and 1 in bench.o.threads:
        cells += [spread(bench.ratios(name, (p, threads), (p, 1))) for p in ("eager", "plan")]
    return cells


def table(bench, threads, peers, peak):
    head = ["case", "eager ms", "plan ms", "plan/floor"]
    for peer in peers:
        head += [f"eager/{peer}", f"plan/{peer}"] + [f"{peer} as"] * (peer == "torch")
    if threads > 1 and 1 in bench.o.threads:
        head += [f"eager {threads}T/1T", f"plan {threads}T/1T"]
    cells = [head] + [row(bench, name, threads, peers, peak) for name in bench.times]
    width = [max(len(line[i]) for line in cells) for i in range(len(head))]
    print(f"{threads} thread{'s' * (threads > 1)}: ratios of times, median (least-greatest) of {bench.o.rounds} rounds")
    for line in cells:
        print(line[0].ljust(width[0]) + "".join("  " + c.rjust(w) for c, w in zip(line[1:], width[1:])))
    for peer in peers:
        products = [statistics.median(r) for n in bench.times if n.startswith("gemm_")
                    for r in [bench.ratios(n, ("eager", threads), (peer, threads))] if r]
        if products:
            print(f"matrix products, geometric mean of eager/{peer}: {digits(statistics.geometric_mean(products))}")
    print()


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    a.add_argument("bench")
    a.add_argument("peers")
    a.add_argument("mnist")
    a.add_argument("cases", nargs="*")
    a.add_argument("--threads", default="1,2", type=lambda s: [int(x) for x in s.split(",")])
    a.add_argument("--seconds", type=float, default=0.3)
    a.add_argument("--rounds", type=int, default=3)
    o = a.parse_intermixed_args()
    os.environ.pop("OPENBLAS_CORETYPE", None)  # it would hide instruction sets from the peers
    bench = Bench(o, os.environ.get("PYTHON", "/usr/bin/python3"))
    peers = []
    for peer in ("torch", "numpy"):
        if not os.path.exists(os.path.join(o.peers, f"bench_{peer}.py")):
            print(f"{peer} is left out: there is no {o.peers}/bench_{peer}.py")
        elif not has(bench.python, peer):
            print(f"{peer} is left out: {bench.python} does not have it")
        else:
            peers.append(peer)
    limits = Limits(os.path.join(o.bench, "limits"))
    limits.print()
    for case in o.cases or CASES:
        print(f"measuring {case}", file=sys.stderr)
        bench.run(case, ["eager", "plan"] + peers)
    for threads in o.threads:
        table(bench, threads, peers, limits.peak(threads))
    if any(bench.gflop.values()):
        print("floor: the step's matrix products at the speed of multiply-adds in registers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
