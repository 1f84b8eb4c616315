# contract.py - rows for reductions, products, scans, order and linear algebra.
import torch

from table import ALONG, OVER, PAIRS, SHAPES, Case, row, simple, words


# ---- reductions over one axis, several or all --------------------------------------------------
def dims_of(x, axes):
    return tuple(range(x.ndim)) if axes is None else axes


def reduction(name, f, make, call=None, **attrs):
    """f(x, dims, keepdims)."""

    @row(name, call)
    def _(r, i):
        shape, axes, keep = OVER[i]
        text = words(axis=axes, keepdims=keep, **attrs)
        return Case(lambda x: f(x, dims_of(x, axes), keep), [make(r, shape)], text)


def product(x, dims, keep):
    for d in sorted((d % x.ndim for d in dims), reverse=True):
        x = x.prod(d, keepdim=keep)
    return x


def uniform(r, shape):
    return r.uniform(shape)


def gaps(r, shape):
    """Some NaN, but no row or column of nothing else."""
    x = r.uniform(shape)
    if x.numel() > 1 and all(n > 1 for n in shape):
        x.reshape(-1)[1::2 * shape[-1] + 1] = float("nan")
    return x


def distinct(r, shape):
    return r.distinct(shape)


reduction("sum", lambda x, d, k: x.sum(d, keepdim=k) if d else x.sum(), uniform)
reduction("mean", lambda x, d, k: x.mean(d, keepdim=k) if d else x.mean(), uniform)
reduction("nansum", lambda x, d, k: x.nansum(d, keepdim=k) if d else x.nansum(), gaps)
reduction("nanmean", lambda x, d, k: x.nanmean(d, keepdim=k) if d else x.nanmean(), gaps)
reduction("max", lambda x, d, k: x.amax(d, keepdim=k), distinct)
reduction("min", lambda x, d, k: x.amin(d, keepdim=k), distinct)
# Ties share the gradient equally in both.
reduction("max with ties", lambda x, d, k: x.amax(d, keepdim=k),
          lambda r, s: r.uniform(s).round(), call="max")
reduction("logsumexp", lambda x, d, k: torch.logsumexp(x, d, keepdim=k), uniform)
reduction("logsumexp of large numbers", lambda x, d, k: torch.logsumexp(x, d, keepdim=k),
          lambda r, s: 1000 + r.uniform(s), call="logsumexp")
reduction("prod", product, lambda r, s: r.signed(s, 0.3))
reduction("norm, p = 1", lambda x, d, k: torch.linalg.vector_norm(x, 1, d, k),
          lambda r, s: r.signed(s), call="norm", p=1)
reduction("norm, p = 2", lambda x, d, k: torch.linalg.vector_norm(x, 2, d, k),
          lambda r, s: r.signed(s), call="norm", p=2)
reduction("norm1", lambda x, d, k: torch.linalg.vector_norm(x, 1, d, k), lambda r, s: r.signed(s))
reduction("norm2", lambda x, d, k: torch.linalg.vector_norm(x, 2, d, k), lambda r, s: r.signed(s))
reduction("norm, p = inf", lambda x, d, k: x.abs().amax(d, keepdim=k), distinct, call="norm", p=3)

SEVERAL = [((2, 3), (0, 1)), ((2, 3, 4), (0, -1)), ((2, 3, 2, 2), (1, 3)), ((3, 2, 2), (-1, 0, 1)),
           ((4, 2, 3), (1, 2))]
for _name, _f, _make in [("sum_axes", torch.sum, uniform), ("nansum_axes", torch.nansum, gaps), ("max_axes", torch.amax, distinct),
                         ("logsumexp_axes", torch.logsumexp, uniform)]:
    @row(_name)
    def _(r, i, f=_f, make=_make):
        shape, axes = SEVERAL[i]
        keep = i % 2 == 1
        return Case(lambda x: f(x, axes, keepdim=keep), [make(r, shape)],
                    words(axis=axes, keepdims=keep))

SPREAD = [((4,), None, 1, False), ((3, 4), (0,), 0, False), ((2, 3, 4), (-1,), 1, True),
          ((3, 2, 4), (0, 2), 2, False), ((2, 3, 2), None, 0, True)]
for _name, _f in [("var", torch.var), ("std", torch.std)]:
    @row(_name)
    def _(r, i, f=_f):
        shape, axes, correction, keep = SPREAD[i]
        dims = tuple(range(len(shape))) if axes is None else axes
        return Case(lambda x: f(x, dims, correction=correction, keepdim=keep), [r.uniform(shape)],
                    words(axis=axes, p=correction, keepdims=keep))


@row("prod with zeros", "prod")
def _(r, i):
    shape, axis = ALONG[i]
    x = r.signed(shape)
    x.reshape(-1)[:: 3 + i] = 0
    return Case(lambda x: x.prod(axis), [x], words(axis=axis))


def one_axis(name, f, make):
    """f(x, axis or None, keepdims)."""

    @row(name)
    def _(r, i):
        shape, axis = ALONG[i]
        axis, keep = (None, False) if i == 2 else (axis, i % 2 == 0)
        return Case(lambda x: f(x, axis, keep), [make(r, shape)], words(axis=axis, keepdims=keep))


one_axis("argmax", lambda x, a, k: x.argmax(a, keepdim=k), distinct)
one_axis("argmin", lambda x, a, k: x.argmin(a, keepdim=k), distinct)
one_axis("any", lambda x, a, k: x.bool().any() if a is None else x.bool().any(a, keepdim=k),
         lambda r, s: (r.uniform(s) * 0.4).round())
one_axis("all", lambda x, a, k: x.bool().all() if a is None else x.bool().all(a, keepdim=k),
         lambda r, s: r.uniform(s).round())


@row("sum_to")
def _(r, i):
    shape, to = [((2, 3), ()), ((2, 3), (3,)), ((2, 3, 4), (3, 1)), ((5,), (1,)),
                 ((2, 3, 2), (2, 1, 2))][i]
    return Case(lambda x: x.sum_to_size(to), [r.uniform(shape)], words(shape=to))


# ---- products ----------------------------------------------------------------------------------
MATMUL = [((3,), (3,)), ((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (2, 3, 2)),
          ((2, 1, 3, 2), (4, 2, 3))]
simple("matmul", torch.matmul, lambda r, i: [r.uniform(s) for s in MATMUL[i]])
simple("matmul, 40 x 33 x 37", torch.matmul,
       lambda r, i: [r.uniform((40, 33)), r.uniform((33, 37))], call="matmul")
simple("dot", torch.dot, lambda r, i: [r.uniform((i + 1,)), r.uniform((i + 1,))])
simple("outer", lambda a, b: torch.outer(a.reshape(-1), b.reshape(-1)),
       lambda r, i: [r.uniform(SHAPES[i]), r.uniform(PAIRS[i][0])])
simple("affine", lambda x, W, b=0: x @ W + b,
       lambda r, i: [r.uniform(s) for s in [(4, 3), (3, 2), (2,)][: 2 + i % 2]])

EINSUM = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]),
    ("ij->j", [(3, 4)]),
    ("ii->i", [(3, 3)]),
    ("i,j,k->kji", [(2,), (3,), (2,)]),
    ("ij,ij", [(2, 3), (2, 3)]),
    ("...ij,...kj->...ik", [(2, 1, 2, 3), (3, 2, 3)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 2), (2, 2, 4, 2)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("ba,cb", [(2, 3), (4, 2)]),
]
for _half, _name in enumerate(["einsum", "einsum, more equations"]):
    @row(_name, "einsum")
    def _(r, i, half=_half):
        equation, shapes = EINSUM[5 * half + i]
        return Case(lambda *xs: torch.einsum(equation, *xs), [r.uniform(s) for s in shapes],
                    words(equation=equation))


@row("tensordot")
def _(r, i):
    a, b, axes_a, axes_b = [((2, 3), (3, 4), (1,), (0,)), ((2, 3, 4), (4, 3), (1, 2), (1, 0)),
                            ((3,), (3,), (0,), (0,)), ((2, 3, 2), (2, 2, 3), (-1, 0), (0, 1)),
                            ((4, 2), (3, 4), (-2,), (-1,))][i]
    return Case(lambda a, b: torch.tensordot(a, b, (axes_a, axes_b)), [r.uniform(a), r.uniform(b)],
                words(axis=axes_a + axes_b))


# ---- scans -------------------------------------------------------------------------------------
def scanned(f, unit):
    """f along an axis, or of x as one row (None); from the end if reverse; without the element
    itself if exclusive: then the first result is unit."""

    def scan(x, axis, reverse, exclusive):
        if axis is None:
            return scan(x.reshape(-1), 0, reverse, exclusive)
        y = x.flip(axis) if reverse else x
        if exclusive:
            first = torch.full_like(y.narrow(axis, 0, 1), unit)
            y = torch.cat([first, y.narrow(axis, 0, y.shape[axis] - 1)], axis)
        y = f(y, axis)
        return y.flip(axis) if reverse else y

    return scan


def scan_row(name, call, f, unit, make):
    scan = scanned(f, unit)

    @row(name, call)
    def _(r, i):
        shape, axis = ALONG[i]
        axis, reverse, exclusive = None if i == 1 else axis, i in (2, 4), i in (3, 4)
        return Case(lambda x: scan(x, axis, reverse, exclusive), [make(r, shape)],
                    words(axis=axis, down=reverse, flag=exclusive))


def with_zeros(r, shape):
    x = r.signed(shape)
    x.reshape(-1)[1::4] = 0
    return x


scan_row("cumsum", "cumsum", torch.cumsum, 0, uniform)
scan_row("cumprod", "cumprod", torch.cumprod, 1, lambda r, s: r.signed(s))
scan_row("cumprod with zeros", "cumprod", torch.cumprod, 1, with_zeros)


@row("linear_scan")
def _(r, i):
    shape, axis = ALONG[i]
    reverse = i % 2 == 1

    def f(a, b):
        n, y, out = a.shape[axis], 0, [None] * a.shape[axis]
        for k in reversed(range(n)) if reverse else range(n):
            y = out[k] = a.select(axis, k) + b.select(axis, k) * y
        return torch.stack(out, axis)

    return Case(f, [r.uniform(shape), r.uniform(shape)], words(axis=axis, reverse=reverse))


# ---- order -------------------------------------------------------------------------------------
@row("sort")
def _(r, i):
    shape, axis = ALONG[i]
    return Case(lambda x: x.sort(axis, descending=i > 2).values, [r.distinct(shape)],
                words(axis=axis, down=i > 2))


@row("argsort")
def _(r, i):  # stable, so that equals can be compared
    shape, axis = ALONG[i]
    return Case(lambda x: x.sort(dim=axis, descending=i > 2, stable=True).indices,
                [r.uniform(shape).round()], words(axis=axis, down=i > 2))


for _name, _part in [("topk", 0), ("topk_indices", 1)]:
    @row(_name)
    def _(r, i, part=_part):
        shape, axis = ALONG[i]
        return Case(lambda x: torch.topk(x, 2, axis, i < 3)[part], [r.distinct(shape)],
                    words(axis=axis, n=2, down=i >= 3))


# ---- linear algebra ------------------------------------------------------------------------------
BATCH = [(), (1,), (2,), (2, 1), (3,)]


def square(r, i, n=None):
    """Matrices that are well conditioned."""
    n = n or 1 + i % 4
    x = r.uniform(BATCH[i] + (n, n), -1, 1)
    return x + 2.0 * n**0.5 * torch.eye(n, dtype=torch.float64)


def symmetric(x):
    return (x + x.mT) / 2


simple("inv", torch.linalg.inv, lambda r, i: [square(r, i)])
simple("det", torch.linalg.det, lambda r, i: [square(r, i)])
simple("logabsdet", lambda x: torch.linalg.slogdet(x).logabsdet, lambda r, i: [-square(r, i)])
simple("signdet", lambda x: torch.linalg.slogdet(x).sign.detach(), lambda r, i: [-square(r, i)])
simple("cofactor", lambda x: torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x).mT,
       lambda r, i: [square(r, i)])
simple("solve", torch.linalg.solve,  # the stacks broadcast
       lambda r, i: [square(r, i, 3), r.uniform([(3, 1), (3, 2), (2, 3, 2), (4, 3, 2), (3, 2)][i])])


@row("cholesky")
def _(r, i):  # of the symmetric part
    upper = i % 2 == 1
    return Case(lambda x: torch.linalg.cholesky(symmetric(x), upper=upper), [square(r, i)],
                words(upper=upper))


@row("solve_triangular")
def _(r, i):  # both triangles of a hold something
    upper, left, unit = i % 2 == 0, i != 3, i > 2
    shape = [(3, 1), (3, 2), (2, 3, 2), (4, 2, 3), (3, 2)][i]
    return Case(
        lambda a, b: torch.linalg.solve_triangular(
            a.triu() if upper else a.tril(), b, upper=upper, left=left, unitriangular=unit),
        [square(r, i, 3), r.uniform(shape)], words(upper=upper, left=left, unitriangular=unit))
