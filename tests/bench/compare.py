#!/usr/bin/python3
"""compare.py - tgbench beside PyTorch and NumPy, alternating in one run: a table of ratios.

    compare.py TGBENCH PEERS MNIST [--threads N] [--seconds S] [--rounds R] [CASE...]

TGBENCH is the program, PEERS the folder with bench_torch.py and bench_numpy.py, MNIST the folder with its
files.  A figure is the median over the rounds of ms_per_step; a ratio is tapegrad's time over the peer's.
Peers that are not installed are left out.  Needs Python 3 and nothing else."""
import argparse
import json
import os
import statistics
import subprocess
import sys

CASES = ("mlp_sgd mlp_momentum mlp_adagrad mlp_adam tobig_adam wide_sgd xor_sgd chain chain_abc "
         "softmax_ce logsumexp convnet_adam mlp_epoch_adam").split()


def measure(command):
    """ms_per_step of a program's last line; None where it fails, as without PyTorch."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])["ms_per_step"]
    except (IndexError, KeyError, ValueError):
        return None


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("tgbench")
    a.add_argument("peers")
    a.add_argument("mnist")
    a.add_argument("cases", nargs="*")
    a.add_argument("--threads", default="1")
    a.add_argument("--seconds", default="1")
    a.add_argument("--rounds", type=int, default=3)
    o = a.parse_intermixed_args()
    os.environ.pop("OPENBLAS_CORETYPE", None)  # it would hide instruction sets from the peers
    rest = ["--threads", o.threads, "--seconds", o.seconds, "--mnist", o.mnist]
    python = os.environ.get("PYTHON", "/usr/bin/python3")
    programs = {"eager": [o.tgbench], "plan": [o.tgbench, "--plan"]}
    for peer in ("torch", "numpy"):
        script = os.path.join(o.peers, f"bench_{peer}.py")
        if os.path.exists(script) and subprocess.run([python, "-c", f"import {peer}"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0:
            programs[peer] = [python, script]
    peers = [p for p in programs if p in ("torch", "numpy")]
    print(f"{'case':15}{'eager ms':>10}{'plan ms':>10}" +
          "".join(f"{'eager/' + p:>13}{'plan/' + p:>12}" for p in peers))
    for case in o.cases or CASES:
        times = {p: [] for p in programs}
        for _ in range(o.rounds):
            for p, command in programs.items():
                ms = measure(command + rest + [case])
                if ms is not None:
                    times[p].append(ms)
        median = {p: statistics.median(t) for p, t in times.items() if t}
        line = f"{case:15}" + "".join(f"{median[p]:10.4f}" if p in median else f"{'-':>10}"
                                      for p in ("eager", "plan"))
        for p in peers:
            for ours, width in (("eager", 13), ("plan", 12)):
                known = p in median and ours in median
                line += f"{median[ours] / median[p]:{width}.3f}" if known else f"{'-':>{width}}"
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
