#!/usr/bin/python3
"""memory.py - the memory of a training step beside PyTorch's: a table, in MB.

    memory.py BENCH        the folder of the program memory

What a process grows by, at most, after import and data: parameters, gradients and all that is computed.
PYTHON names a Python that has PyTorch; without it that column stays empty."""
import json
import os
import subprocess
import sys

TORCH = r"""
import json, sys
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(1)
torch.mm(torch.randn(300, 300), torch.randn(300, 300))  # lets the BLAS take its buffers
def status(key):
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith(key))
sizes = [1024, 4096, 4096, 1024] if sys.argv[1] == "wide" else [256] * 101
x, y = torch.randn(256, sizes[0]), torch.randint(0, sizes[-1], (256,))
before = status("VmRSS:")
net = []
for a, b in zip(sizes, sizes[1:]):
    net += [nn.Linear(a, b), nn.ReLU()]
net = nn.Sequential(*net[:-1])
opt = torch.optim.SGD(net.parameters(), 0.01)
def step():
    opt.zero_grad(set_to_none=True)
    F.cross_entropy(net(x), y).backward()
    opt.step()
step()
open("/proc/self/clear_refs", "w").write("5")
for i in range(4):
    step()
print(json.dumps({"peak_mb": status("VmHWM:") - before}))
"""


def measure(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def main():
    program = os.path.join(sys.argv[1], "memory")
    python = os.environ.get("PYTHON", "/usr/bin/python3")
    head = "case", "eager", "plan", "torch", "plan/torch", "tape", "plan's own", "plan/tape"
    print("".join(h.rjust(12) for h in head))
    for case in "wide", "deep":
        eager, plan = measure(program, case), measure(program, "--plan", case)
        torch = measure(python, "-c", TORCH, case).get("peak_mb", float("nan"))
        cells = (eager["peak_mb"], plan["peak_mb"], torch, plan["peak_mb"] / torch, plan["tape_mb"], plan["plan_mb"],
                 plan["plan_mb"] / plan["tape_mb"])
        print(case.rjust(12) + "".join((f"{c:.2f}" if i in (3, 6) else f"{c:.1f}").rjust(12) for i, c in enumerate(cells)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
