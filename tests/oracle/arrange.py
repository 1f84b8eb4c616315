# arrange.py - rows for shapes, slices, indices and joining.
import numpy as np
import torch
import torch.nn.functional as F

from table import ALONG, SHAPES, Case, long, numpy_slice, row, simple, words


def cases(name, f, table, call=None, **more):
    """A row of which table holds (shape, attributes); f(x, attributes as a dict)."""

    @row(name, call)
    def _(r, i):
        shape, attrs = table[i]
        return Case(lambda x: f(x, **attrs), [r.uniform(shape)], words(**attrs), **more)


# ---- shape -------------------------------------------------------------------------------------
cases("reshape", lambda x, shape: x.reshape(shape),
      [((6,), dict(shape=(2, 3))), ((2, 3), dict(shape=(-1,))), ((2, 3, 4), dict(shape=(4, -1))),
       ((1,), dict(shape=())), ((2, 2, 3, 2), dict(shape=(2, 1, 12)))])
cases("permute", lambda x, axes: x.permute(axes),
      [((3,), dict(axes=(0,))), ((2, 3), dict(axes=(1, 0))), ((2, 3, 4), dict(axes=(2, 0, 1))),
       ((2, 3, 4), dict(axes=(-1, -2, -3))), ((2, 1, 3, 2), dict(axes=(3, 1, 0, 2)))])
cases("transpose", lambda x, axis1, axis2: x.transpose(axis1, axis2),
      [((2, 3), dict(axis1=0, axis2=1)), ((2, 3, 4), dict(axis1=-1, axis2=-2)),
       ((2, 3, 4), dict(axis1=0, axis2=-1)), ((4,), dict(axis1=0, axis2=0)),
       ((2, 1, 3, 2), dict(axis1=1, axis2=3))])
PAIRS_OF_AXES = [((2, 3), (0, 1)), ((2, 3, 4), (-1, 0)), ((2, 3, 4), (1, 1)), ((3, 2, 4), (0, -1)),
                 ((2, 1, 3, 2), (3, 1))]
for _name in ["swapaxes", "moveaxis"]:
    cases(_name, lambda x, axis, name=_name: getattr(torch, name)(x, *axis),
          [(s, dict(axis=a)) for s, a in PAIRS_OF_AXES])
cases("expand", lambda x, shape: x.expand(shape),
      [((), dict(shape=(3,))), ((3,), dict(shape=(2, 3))), ((2, 1), dict(shape=(2, 4))),
       ((1, 3, 1), dict(shape=(2, 2, 3, 2))), ((2, 3), dict(shape=(2, 3)))])
cases("squeeze", lambda x, axis: x.squeeze() if axis is None else x.squeeze(axis),
      [((1,), dict(axis=0)), ((2, 1, 3), dict(axis=1)), ((1, 2, 1), dict(axis=None)),
       ((2, 1), dict(axis=-1)), ((1, 2, 3, 1), dict(axis=-4))])
cases("unsqueeze", lambda x, axis: x.unsqueeze(axis),
      [((), dict(axis=0)), ((3,), dict(axis=-1)), ((2, 3), dict(axis=1)), ((2, 3), dict(axis=-3)),
       ((2, 3, 2), dict(axis=3))])
cases("flip", lambda x, axis: x.flip(axis if axis is not None else tuple(range(x.ndim))),
      [(s, dict(axis=None if i == 2 else a)) for i, (s, a) in enumerate(ALONG)])
cases("roll", lambda x, offset, axis: torch.roll(x, offset, axis),
      [(s, dict(offset=o, axis=None if i == 2 else a))
       for i, ((s, a), o) in enumerate(zip(ALONG, [1, -1, 5, 7, -4]))])
cases("tile", lambda x, shape: torch.tile(x, shape),
      [((3,), dict(shape=(2,))), ((2, 3), dict(shape=(2,))), ((2, 3), dict(shape=(2, 1, 2))),
       ((), dict(shape=(2, 2))), ((2, 1, 2), dict(shape=(1, 3, 2)))])
cases("repeat", lambda x, n, axis: x.repeat_interleave(n, axis),
      [(s, dict(n=1 + i, axis=None if i == 2 else a)) for i, (s, a) in enumerate(ALONG)])
cases("split", lambda x, shape, axis: torch.cat(torch.split(x, shape, axis)[::-1], axis),
      [((4,), dict(shape=(1, 3), axis=0)), ((5, 2), dict(shape=(2, 2, 1), axis=0)),
       ((2, 3, 4), dict(shape=(3, 1), axis=-1)), ((3, 4), dict(shape=(1, 1, 1), axis=-2)),
       ((2, 3), dict(shape=(2,), axis=0))])
simple("stack", lambda *xs: torch.stack(xs, 1),
       lambda r, i: [r.uniform((2, 3)) for _ in range(i + 1)], lambda i: "axis=1")
simple("concat", lambda *xs: torch.cat(xs, -1),
       lambda r, i: [r.uniform((2, k + 1)) for k in range(i + 1)], lambda i: "axis=-1")

# ---- slices ------------------------------------------------------------------------------------
SLICES = [((6,), 0, 1, 5, 2), ((2, 5), -1, -3, 9, 1), ((3, 4), 0, 2, -9, -1), ((2, 7), 1, 6, 0, -2),
          ((2, 4, 3), 1, -4, -1, 1)]


def places(shape, axis, start, stop, step):
    return numpy_slice(shape[axis], start, stop, step)


@row("slice")
def _(r, i):
    shape, axis, start, stop, step = SLICES[i]
    where = places(*SLICES[i])
    return Case(lambda x: x.index_select(axis, where), [r.uniform(shape)],
                words(axis=axis, start=start, stop=stop, step=step))


@row("set_slice")
def _(r, i):  # the value broadcasts
    shape, axis, start, stop, step = SLICES[i]
    where = places(*SLICES[i])
    part = list(shape)
    part[axis] = len(where)
    value = [part, part[-1:], [], part, part][i]
    return Case(lambda x, v: x.index_copy(axis, where, v.expand(part)),
                [r.uniform(shape), r.uniform(value)],
                words(axis=axis, start=start, stop=stop, step=step))


@row("unslice")
def _(r, i):
    shape, axis, start, step, size = [((3,), 0, 1, 2, 7), ((2, 3), 1, 0, 1, 3),
                                      ((2, 3), -1, 5, -2, 6), ((2, 2), 0, 3, -1, 4),
                                      ((2, 1, 3), 1, 2, 1, 4)][i]
    where = torch.tensor(start + step * np.arange(shape[axis]))

    def f(x):
        full = list(x.shape)
        full[axis] = size
        return x.new_zeros(full).index_copy(axis, where, x)

    return Case(f, [r.uniform(shape)], words(axis=axis, start=start, step=step, size=size))


PADS = [((4,), (1, 2)), ((2, 3), (0, 1, 2, 0)), ((2, 3, 4), (0, 0, 1, 1, 3, 2)),
        ((2, 2, 3, 4), (0, 0, 0, 0, 2, 1, 0, 3)), ((2, 1, 5), (0, 0, 0, 0, 4, 4))]


@row("pad, constant", "pad")
def _(r, i):
    shape, widths = PADS[i]
    torch_widths = [w for k in range(len(shape))[::-1] for w in widths[2 * k : 2 * k + 2]]
    return Case(lambda x: F.pad(x, torch_widths, value=0.5), [r.uniform(shape)],
                words(shape=widths, mode=0, value=0.5))


for _mode, (_name, _torch) in enumerate([("edge", "replicate"), ("reflect", "reflect")], 1):
    @row(f"pad, {_name}", "pad")
    def _(r, i, mode=_mode, how=_torch):  # PyTorch: the last 1 to 3 axes after (N, C)
        shape, widths = [((1, 2, 4), (3, 2)), ((2, 1, 3), (1, 0)), ((1, 2, 3, 4), (2, 1, 0, 3)),
                         ((2, 1, 2, 5), (1, 1, 4, 4)), ((1, 2, 3, 3), (1, 0, 2, 1, 0, 2))][i]
        torch_widths = [w for k in range(len(widths) // 2)[::-1]
                        for w in widths[2 * k : 2 * k + 2]]
        return Case(lambda x: F.pad(x, torch_widths, mode=how), [r.uniform(shape)],
                    words(shape=(0, 0) * (len(shape) - len(widths) // 2) + widths, mode=mode))


# ---- indices -----------------------------------------------------------------------------------
INDEX_SHAPES = [(3,), (), (2, 2), (4,), (1, 3)]


def gathered(x, index, axis):
    axis %= x.ndim
    flat = x.index_select(axis, long(index, x.shape[axis]).reshape(-1))
    return flat.reshape(x.shape[:axis] + index.shape + x.shape[axis + 1 :])


@row("take")
def _(r, i):
    shape, axis = ALONG[i]
    n = shape[axis] if i < 3 else int(np.prod(shape))
    f = (lambda x, k: gathered(x, k, axis)) if i < 3 else (lambda x, k: x.take(long(k, n)))
    return Case(f, [r.uniform(shape), r.index(INDEX_SHAPES[i], n)],
                words(axis=axis if i < 3 else None))


simple("embedding", lambda w, k: F.embedding(k.long(), w),
       lambda r, i: [r.uniform((5, 3)), r.index(INDEX_SHAPES[i], 5, negative=False)])


@row("segment_sum")
def _(r, i):
    axis, index_shape = [0, 0, 1, -1, 0][i], [(3,), (), (2, 2), (4,), (1, 3)][i]
    before, after, size = [2, 3][: axis % 2], [3] if i in (0, 4) else [], 4
    index = r.index(index_shape, size)
    x = r.uniform(tuple(before) + tuple(index_shape) + tuple(after))
    place = len(before)

    def f(x, k):
        flat = x.reshape(before + [-1] + after)
        zeros = x.new_zeros(before + [size] + after)
        return zeros.index_add(place, long(k, size).reshape(-1), flat)

    return Case(f, [x, index], words(axis=place, size=size))


@row("pick")
def _(r, i):
    shape = [(4,), (3, 4), (2, 3, 2), (5, 1), (2, 2, 2, 3)][i]
    return Case(lambda x, k: x.gather(-1, long(k, shape[-1]).unsqueeze(-1)).squeeze(-1),
                [r.uniform(shape), r.index(shape[:-1], shape[-1], negative=False)])


@row("unpick")
def _(r, i):
    shape, n = SHAPES[i], i + 2
    return Case(
        lambda x, k: x.new_zeros(shape + (n,)).scatter(-1, long(k, n).unsqueeze(-1),
                                                       x.unsqueeze(-1)),
        [r.uniform(shape), r.index(shape, n, negative=False)], words(n=n))


simple("one_hot", lambda k: F.one_hot(k.long(), 5).double(),
       lambda r, i: [r.index(SHAPES[i], 5, negative=False)], lambda i: "depth=5 dtype=f64",
       values_only=True)


@row("take_along_axis")
def _(r, i):
    shape, axis = ALONG[i]
    index_shape = list(shape)
    index_shape[axis] = i + 1
    n = shape[axis]
    return Case(lambda x, k: x.take_along_dim(long(k, n), axis),
                [r.uniform(shape), r.index(index_shape, n)], words(axis=axis))


@row("scatter_along_axis")
def _(r, i):
    shape, axis = ALONG[i]
    full = list(shape)
    full[axis] = size = 3 + i
    return Case(lambda x, k: x.new_zeros(full).scatter_add(axis, long(k, size), x),
                [r.uniform(shape), r.index(shape, size)], words(axis=axis, size=size))


simple("nonzero", lambda m: m.reshape(-1).nonzero().reshape(-1), lambda r, i: [r.mask(SHAPES[i])])
simple("masked_select", lambda x, m: x.masked_select(m.bool()),
       lambda r, i: [r.uniform(SHAPES[i]), r.mask(SHAPES[i])])

# ---- diagonals, constants ----------------------------------------------------------------------
DIAGONALS = [((3, 3), 0, 0, 1), ((3, 4), 1, 0, 1), ((2, 4, 3), -1, -2, -1), ((3, 2, 4), -1, 2, 0),
             ((4, 4), 2, 1, 0)]


@row("diagonal")
def _(r, i):
    shape, offset, a, b = DIAGONALS[i]
    return Case(lambda x: x.diagonal(offset, a, b), [r.uniform(shape)],
                words(offset=offset, axis1=a, axis2=b))


@row("undiagonal")
def _(r, i):
    shape, offset, a, b = DIAGONALS[i]
    part = torch.zeros(shape).diagonal(offset, a, b).shape
    return Case(lambda x: x.new_zeros(shape).diagonal_scatter(x, offset, a, b), [r.uniform(part)],
                words(offset=offset, axis1=a, axis2=b, size1=shape[a], size2=shape[b]))


@row("trace")
def _(r, i):
    shape, offset, a, b = DIAGONALS[i]
    return Case(lambda x: x.diagonal(offset, a, b).sum(-1), [r.uniform(shape)],
                words(offset=offset, axis=(a, b)))


MATRICES = [(3, 3), (2, 4), (4, 2), (2, 3, 3), (2, 2, 3, 4)]
for _name in ["tril", "triu"]:
    simple(_name, lambda x, f=getattr(torch, _name): f(x, x.shape[-1] - 3),
           lambda r, i: [r.uniform(MATRICES[i])], lambda i: words(offset=MATRICES[i][-1] - 3))


@row("eye")
def _(r, i):
    m, n, offset = [(3, 3, 0), (2, 4, 1), (4, 2, -1), (1, 3, 2), (3, 3, -5)][i]
    return Case(lambda: torch.ones((m, n), dtype=torch.float64).triu(offset).tril(offset), [],
                words(shape=(m, n), offset=offset))


row("arange")(lambda r, i: Case(lambda: torch.arange(i), [], words(n=i)))
row("full")(lambda r, i: Case(lambda: torch.full(SHAPES[i], 0.25, dtype=torch.float64), [],
                              words(shape=SHAPES[i], dtype="f64", value=0.25)))
simple("zeros_like", torch.zeros_like, lambda r, i: [r.uniform(SHAPES[i])])
simple("ones_like", torch.ones_like, lambda r, i: [r.uniform(SHAPES[i])])
simple("full_like", lambda x: torch.full_like(x, 0.25), lambda r, i: [r.uniform(SHAPES[i])],
       lambda i: words(value=0.25))
for _name in ["zeros", "ones"]:
    row(_name)(lambda r, i, f=getattr(torch, _name): Case(
        lambda: f(SHAPES[i], dtype=torch.float64), [], words(shape=SHAPES[i])))


@row("linspace")
def _(r, i):
    start, stop, n = [(0, 1, 11), (2, -3.5, 8), (0.1, 0.7, 100), (4, 5, 1), (4, 5, 0)][i]
    return Case(lambda: torch.linspace(start, stop, n, dtype=torch.float64), [],
                words(start=start, stop=stop, n=n, dtype="f64"))
