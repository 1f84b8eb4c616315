#!/usr/bin/python3
"""Reductions beside PyTorch's: alternating blocks in one run, the least time of each.

reducebench.py PATH/reducebench [threads] [seconds per case]
"""
import os
import subprocess
import sys
import time

CASES = [
    ("sum", 1, 1000000, -1),
    ("sum", 4096, 1000, -1),
    ("sum", 4096, 1000, 0),
    ("sum", 4096, 1000, 1),
    ("logsumexp", 4096, 1000, 1),
    ("max", 4096, 1000, 1),
    ("argmax", 4096, 1000, 1),
    ("sum", 128, 100, 0),
    ("sum", 128, 10, 1),
    ("max", 128, 10, 1),
    ("argmax", 128, 10, 1),
    ("logsumexp", 128, 10, 1),
    ("sum", 1, 100, -1),
]


def torch_time(torch, op, x, axis, seconds):
    dim = {"sum": {}, "logsumexp": {}, "max": {}, "argmax": {}}[op]
    if axis >= 0:
        dim = {"dim": axis}
    function = getattr(torch, "amax" if op == "max" else op)
    best, times, end = 1e9, 1, time.perf_counter() + seconds
    with torch.no_grad():
        while time.perf_counter() < end:
            start = time.perf_counter()
            for _ in range(times):
                function(x, **dim)
            spent = time.perf_counter() - start
            best = min(best, spent / times)
            if spent < 1e-3:
                times *= 2
    return 1e9 * best


def main():
    threads = sys.argv[2] if len(sys.argv) > 2 else "1"
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    os.environ.update(TAPEGRAD_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    import torch

    torch.set_num_threads(int(threads))
    ours = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print("case                          tapegrad ns    PyTorch ns   ratio")
    for op, rows, columns, axis in CASES:
        x = torch.rand(rows, columns) * 6 - 3
        mine = theirs = 1e99
        for _ in range(4):
            ours.stdin.write(f"{op} {rows} {columns} {axis} {seconds / 8}\n")
            ours.stdin.flush()
            mine = min(mine, float(ours.stdout.readline()))
            theirs = min(theirs, torch_time(torch, op, x, axis, seconds / 8))
        name = f"{op} {rows}x{columns} " + ("all" if axis < 0 else f"axis {axis}")
        print(f"{name:28} {mine:12.0f}  {theirs:12.0f}  {mine / theirs:6.2f}")


main()
