# oracle.py - oracle.py PROGRAM [SEED]: compares tapegrad's values, gradients and second gradients
# with PyTorch's in f64, over random cases of each row of the tables.
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

import arrange  # noqa: F401  the tables: each adds its rows
import contract
import elementwise  # noqa: F401
import losses  # noqa: F401
import network  # noqa: F401
from table import CASES, ROWS, Draw, simple

TOLERANCE = 1e-10

# That the comparison can fail: rows that are wrong, and the parts where that is to be seen.
CONTROLS = {
    "control, value": (lambda x: torch.tanh(x) + 1e-9, {"y"}),
    "control, gradient": (lambda x: torch.tanh(x) + 1e-9 * (x - x.detach()), {"dx0", "ddy"}),
    "control, second": (lambda x: torch.tanh(x) + 1e-8 * (x - x.detach()) ** 2, {"ddx0"}),
}
for _name, (_wrong, _) in CONTROLS.items():
    simple(_name, _wrong, lambda r, i: [r.uniform((3, 4), 0.5, 1)], call="tanh")


def gradients(y, xs, dy):
    """PyTorch's, with zeros for what does not depend on x."""
    if not y.requires_grad:
        return [torch.zeros_like(x) for x in xs]
    got = torch.autograd.grad(y, xs, dy, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(got, xs)]


def expect(case, draw):
    """Runs a case in PyTorch: (what the program reads, what it is to write)."""
    xs = [x.clone().requires_grad_(w == "d") for x, w in zip(case.inputs, case.want)]
    y = case.f(*xs)
    given = {f"x{i}": x for i, x in enumerate(case.inputs)}
    if not y.is_floating_point():
        case.want = "-" * len(xs)
    if "d" not in case.want:
        return given, {"y": y}
    wanted = [i for i, w in enumerate(case.want) if w == "d"]
    dy = draw.uniform(tuple(y.shape)).to(y.dtype).requires_grad_()
    dxs = gradients(y, [xs[i] for i in wanted], dy)
    vs = [draw.uniform(tuple(xs[i].shape)) for i in wanted]
    total = sum((v * dx).sum() for v, dx in zip(vs, dxs))
    ddxs = gradients(total, [xs[i] for i in wanted] + [dy], None)
    given["dy"] = dy
    given.update({f"v{i}": v for i, v in zip(wanted, vs)})
    want = {"y": y, "ddy": ddxs[-1]}
    for i, dx, ddx in zip(wanted, dxs, ddxs):
        want[f"dx{i}"], want[f"ddx{i}"] = dx, ddx
    return given, want


def error(got, want):
    """The largest |got - want| / max(1, |want|); equal infinities and NaN do not count."""
    # + 0: PyTorch's "efficient zero tensor" gives numpy() memory that it never wrote.
    want = np.asarray((want.detach() + 0).numpy(), dtype=np.float64)
    got = np.asarray(got, dtype=np.float64)
    if got.shape != want.shape:
        return np.inf
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0, np.abs(got - want) / np.maximum(1, np.abs(want)))
    return float(np.nan_to_num(gap, nan=np.inf, posinf=np.inf).max(initial=0))


def run(program, seed, folder):
    """Yields (row, answer of the program, worst error, where) for each case."""
    arrays, lines, wants = {}, [], []
    for name, call, make in ROWS:
        draw = Draw(seed, name)
        for i in range(CASES):
            try:
                case = make(draw, i)
                given, want = expect(case, draw)
            except Exception as e:
                raise RuntimeError(f"{name}, case {i}: PyTorch cannot do it") from e
            key = str(len(wants))
            arrays.update({f"{key}.{k}": x.detach().numpy() for k, x in given.items()})
            lines.append(f"{key} {call} {case.want or '0'} {case.attrs}\n")
            wants.append((name, key, want))
    paths = os.path.join(folder, "in.npz"), os.path.join(folder, "out.npz")
    np.savez(paths[0], **arrays)
    done = subprocess.run([program, *paths], input="".join(lines), stdout=subprocess.PIPE,
                          check=True, text=True)
    lines_out = [line.split(" ", 1) for line in done.stdout.splitlines()]
    answers = dict(line for line in lines_out if line[0] != "op")
    rowless = {line[1] for line in lines_out if line[0] == "op"} - {call for _, call, _ in ROWS}
    print("operations without a row:", *sorted(rowless))
    got = np.load(paths[1])
    for line, (name, key, want) in zip(lines, wants):
        answer, worst, where = answers.get(key, "no answer"), 0.0, ""
        for part, x in want.items() if answer == "ok" else ():
            e = error(got[f"{key}.{part}"], x) if f"{key}.{part}" in got else np.inf
            if e >= worst:
                worst, where = e, f"{part} of: {line.strip()}"
        yield name, answer, worst, where


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    torch.set_num_threads(1)
    worst, bad = {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name, answer, e, where in run(program, seed, folder):
            if name in CONTROLS:
                if e <= TOLERANCE or where.split(" ")[0] not in CONTROLS[name][1]:
                    bad.append(f"{name} was not seen: {answer}, {e:.1e} {where}")
                continue
            worst[name] = max(worst.get(name, 0.0), e)
            if answer != "ok" or not e <= TOLERANCE:
                bad.append(f"{name}: {where} {'' if answer == 'ok' else answer}")
    for name, e in worst.items():
        print(f"{name:36} {e:.1e}")
    for line in bad:
        print("DIFFERENT", line)
    most = max(worst, key=worst.get)
    calls = {call for name, call, _ in ROWS if name in worst}
    print(f"oracle: {len(calls)} functions in {len(worst)} rows x {CASES} cases, PyTorch "
          f"{torch.__version__}: values and 2 orders of gradients "
          f"{'NOT ' if bad else ''}within {TOLERANCE}; worst {worst[most]:.1e} ({most})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
