# optim.py - optim.py PROGRAM [SEED]: tapegrad's optimizers against torch.optim, step for step in
# f64 on a small network, under the options that make the definitions equal.
#
# Where the two are written differently:
#   momentum, Nesterov   PyTorch's buffer b = momentum b + g is -v / lr; the same while lr stays.
#   Adam, book's form    tapegrad folds the correction of both moments into lr, so that its eps
#                        stands beside the uncorrected sqrt(v).  PyTorch's eps is set to
#                        eps / sqrt(1 - beta2^t) before step t; where eps = 0 that changes nothing.
#   weight decay         of PyTorch is tapegrad's L2 penalty in the loss, on the weights.
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

STEPS, TOLERANCE = 200, 1e-10
NAMES = ["W1", "b1", "W2", "b2"]


class BookNesterov(torch.optim.Optimizer):
    """The form of "Deep Learning from Scratch", which torch.optim does not have."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for w in group["params"]:
                v = self.state[w].setdefault("v", torch.zeros_like(w))
                v.mul_(momentum).sub_(lr * w.grad)
                w.add_(momentum**2 * v - (1 + momentum) * lr * w.grad)


def nesterov(params, s):
    if s["book_form"]:
        return BookNesterov(params, dict(lr=s["lr"], momentum=s["momentum"]))
    return torch.optim.SGD(params, s["lr"], momentum=s["momentum"], nesterov=True)


# By the names of the registry, which the program lists; each must be here.
MAKE = {
    "SGD": lambda p, s: torch.optim.SGD(p, s["lr"]),
    "Momentum": lambda p, s: torch.optim.SGD(p, s["lr"], momentum=s["momentum"]),
    "Nesterov": nesterov,
    "AdaGrad": lambda p, s: torch.optim.Adagrad(p, s["lr"], eps=s["eps"]),
    "RMSprop": lambda p, s: torch.optim.RMSprop(p, s["lr"], alpha=s["alpha"], eps=s["eps"]),
    "Adam": lambda p, s: torch.optim.Adam(p, s["lr"], (s["beta1"], s["beta2"]), s["eps"]),
    "AdaDelta": lambda p, s: torch.optim.Adadelta(p, s["lr"], s["rho"], s["eps"]),
    "AMSGrad": lambda p, s: torch.optim.Adam(p, s["lr"], (s["beta1"], s["beta2"]), s["eps"],
                                             amsgrad=True),
}
# Beside the defaults and the samples of each optimizer.  Steps so small that the training does not
# magnify rounding: with RMSprop, lr 0.005 and alpha 0.9 PyTorch ends 4e-10 from itself when it
# starts one unit in the last place away.
RUNS = [
    ("SGD", dict(lr=0.2, l2=0.01)),
    ("SGD", dict(lr=0.4, lr_decay=0.05)),
    ("Momentum", dict(lr=0.05, momentum=0.9)),
    ("Momentum", dict(lr=0.05, momentum=0.5, l2=0.01)),
    ("Nesterov", dict(lr=0.05, momentum=0.9)),
    ("Nesterov", dict(lr=0.1, momentum=0.5)),
    ("Nesterov", dict(lr=0.02, momentum=0.9, book_form=True)),
    ("AdaGrad", dict(lr=0.02, eps=1e-7)),
    ("AdaGrad", dict(lr=0.05, eps=1e-3, lr_decay=0.01)),
    ("RMSprop", dict(lr=0.002, alpha=0.99, eps=1e-7)),
    ("Adam", dict(lr=0.01, eps=0)),
    ("Adam", dict(lr=0.01, eps=1e-7)),
    ("Adam", dict(lr=0.005, beta1=0.8, beta2=0.95, eps=1e-3, l2=0.01)),
    # That the comparison can fail: eps 1e-7 as it stands is not the same Adam.
    ("Adam", dict(lr=0.01, eps=1e-7, differs=True)),
]
OURS = ["l2", "lr_decay"]
FLAGS = ["differs", "learns"]


def listed(program):
    """Every optimizer as a name and settings: its defaults first, then its samples."""
    for line in subprocess.run([program, "list"], capture_output=True, check=True,
                               text=True).stdout.splitlines():
        name, *words = line.split()
        pairs = (w.split("=") for w in words)
        yield name, {k: v == "true" if v in ("true", "false") else float(v) for k, v in pairs}


def train(data, name, s):
    """The parameters and the loss after each step, as PyTorch gives them."""
    w = {k: torch.tensor(data[k], requires_grad=True) for k in NAMES}
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    l2 = s.get("l2", 0)
    weights, biases = [w["W1"], w["W2"]], [w["b1"], w["b2"]]
    groups = [dict(params=weights), dict(params=biases)]
    if l2:
        groups[0]["weight_decay"], groups[1]["weight_decay"] = l2, 0
    o = MAKE[name](groups, s)
    history = {k: [] for k in NAMES + ["loss"]}
    for step in range(STEPS):
        for group in o.param_groups:
            group["lr"] = s["lr"] / (1 + s.get("lr_decay", 0) * step)
            if name == "Adam" and not s["torch_form"] and not s.get("differs"):
                group["eps"] = s["eps"] / (1 - s["beta2"] ** (step + 1)) ** 0.5
        before = [v.detach().clone() for v in weights]
        o.zero_grad()
        h = torch.tanh(x @ w["W1"] + w["b1"])
        loss = torch.nn.functional.mse_loss(h @ w["W2"] + w["b2"], y)
        loss.backward()
        o.step()
        for k in NAMES:
            history[k].append(w[k].detach().numpy().reshape(-1).copy())
        penalty = l2 / 2 * sum(float((v**2).sum()) for v in before)
        history["loss"].append([float(loss) + penalty])
    return {k: np.array(v) for k, v in history.items()}


def distance(got, want):
    """Relative to the largest element of the parameter at that step."""
    return max(float((np.abs(got[k] - want[k]).max(1) / np.abs(want[k]).max(1)).max())
               for k in want)


def sensitivity(data, name, s, want):
    """How far PyTorch ends from itself when it starts one unit in the last place away."""
    other = {**data, **{k: np.nextafter(data[k], np.inf) for k in NAMES}}
    return distance(train(other, name, s), want)


def network(seed):
    r = np.random.default_rng(seed)
    x = r.uniform(-1, 1, (20, 3))
    y = np.stack([np.sin(2 * x[:, 0]) * x[:, 1], x[:, 2] ** 2 - x[:, 0]], 1)
    return dict(x=x, y=y, W1=r.normal(0, 0.6, (3, 8)), b1=r.normal(0, 0.1, 8),
                W2=r.normal(0, 0.4, (8, 2)), b2=r.normal(0, 0.1, 2), steps=np.zeros(STEPS))


def text(s, without):
    return " ".join(f"{k}={str(v).lower()}" for k, v in s.items() if k not in without)


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    torch.set_num_threads(1)
    data, tried = network(seed), list(listed(program))
    defaults = {name: s for name, s in reversed(tried)}
    missing = [name for name in defaults if name not in MAKE]
    if missing:
        print(f"oracle: no optimizer of PyTorch beside {', '.join(missing)}")
        return 1
    runs = tried + [(name, {**defaults[name], **s, "learns": True}) for name, s in RUNS]
    with tempfile.TemporaryDirectory() as folder:
        paths = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
        np.savez(paths[0], **data)
        lines = "".join(f"{i} {name} {s.get('l2', 0)} {s.get('lr_decay', 0)} "
                        f"{text(s, OURS + FLAGS)}\n"
                        for i, (name, s) in enumerate(runs))
        subprocess.run([program, *paths], input=lines, check=True, text=True)
        with np.load(paths[1]) as file:
            got = dict(file)
    failed, most, loose = False, 0.0, 0
    for i, (name, s) in enumerate(runs):
        want = train(data, name, s)
        e = distance({k: got[f"{i}.{k}"] for k in want}, want)
        learnt = not s.get("learns") or want["loss"][-1, 0] < 0.7 * want["loss"][0, 0]
        near = e <= TOLERANCE
        if not near and not s.get("differs"):
            near = e <= 4 * sensitivity(data, name, s, want)
            loose += near
        good = not near if s.get("differs") else near and learnt
        failed |= not good
        most = max(most, e if near else 0.0)
        first, last = want["loss"][[0, -1], 0]
        print(f"{name:9} {text(s, FLAGS):56} loss {first:.3f} -> {last:.4f}  {e:.1e}"
              f"{' (is to differ)' if s.get('differs') else ''}{'' if good else '  BAD'}")
    print(f"oracle: {len(runs) - 1} option sets of {len(defaults)} optimizers, {STEPS} steps each, "
          f"step for step {'NOT ' if failed else ''}within {TOLERANCE}, "
          f"{loose} within what PyTorch differs from itself by a rounding; worst {most:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
