#!/usr/bin/python3
"""Reductions beside PyTorch's: alternating blocks in one run, the least time of each.

reducebench.py PATH/reducebench [threads] [seconds per case] [part of a case's name]
"""
import os
import subprocess
import sys
import time

CASES = """
sum 1000000 all
sum 4096x1000 all
sum 4096x1000 0
sum 4096x1000 1
logsumexp 4096x1000 1
max 4096x1000 1
argmax 4096x1000 1
sum 128x100 0
sum 128x10 1
max 128x10 1
argmax 128x10 1
logsumexp 128x10 1
sum 100 all
max 4096x1000 0
argmax 4096x1000 0
logsumexp 4096x1000 0
sum 1000x4096t 0
sum 1000x4096t 1
max 1000x4096t 1
argmax 1000x4096t 1
logsumexp 1000x4096t 1
sum 1000x4096t all
sum 100x30x24x24 0,2,3
sum 100x30x24x24 1
max 100x30x24x24 2,3
sum 200000x10 0
sum 200000x10 1
"""


def torch_time(torch, op, x, axes, seconds):
    function = getattr(torch, "amax" if op == "max" else op)
    dims = {"dim": int(axes) if "," not in axes else [int(a) for a in axes.split(",")]} if axes != "all" else {}
    if axes == "all" and op == "logsumexp":
        dims = {"dim": list(range(x.ndim))}
    best, times, end = 1e9, 1, time.perf_counter() + seconds
    with torch.no_grad():
        while time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(times):
                function(x, **dims)
            spent = time.perf_counter() - start
            best = min(best, spent / times)
            if spent < 1e-3:
                times *= 2
    return 1e9 * best


def main():
    threads = sys.argv[2] if len(sys.argv) > 2 else "1"
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    wanted = sys.argv[4] if len(sys.argv) > 4 else ""
    os.environ.update(TAPEGRAD_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    import torch

    torch.set_num_threads(int(threads))
    ours = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print("case                          tapegrad ns    PyTorch ns   ratio")
    for case in CASES.split("\n"):
        if not case or wanted not in case:
            continue
        op, shape, axes = case.split()
        x = torch.rand([int(n) for n in shape.rstrip("t").split("x")]) * 6 - 3
        if shape.endswith("t"):
            x = x.transpose(0, 1)
        mine = theirs = 1e99
        for _ in range(4):
            ours.stdin.write(f"{case} {seconds / 8}\n")
            ours.stdin.flush()
            mine = min(mine, float(ours.stdout.readline()))
            theirs = min(theirs, torch_time(torch, op, x, axes, seconds / 8))
        print(f"{case:28} {mine:12.0f}  {theirs:12.0f}  {mine / theirs:6.2f}", flush=True)


main()
