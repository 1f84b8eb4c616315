# network.py - rows for windows, convolution, pooling, layers and losses.
import torch
import torch.nn.functional as F

from table import ALONG, Case, row, simple, words


def window(x_shape, k, s, p, d):
    """The sizes that a window sees along each axis."""
    return [(n + 2 * q - e * (m - 1) - 1) // t + 1 for n, m, t, q, e in zip(x_shape, k, s, p, d)]


# ---- unfold and fold: convolutions with the kernels that show one element each -----------------
# shape after (N, C), kernel, stride, padding, dilation
WINDOWS = [
    ((7,), (3,), (2,), (1,), (2,)),
    ((4, 5), (2, 3), (1, 1), (0, 0), (1, 1)),
    ((5, 6), (3, 2), (2, 3), (1, 1), (1, 2)),
    ((3, 4, 3), (2, 2, 1), (1, 2, 1), (1, 0, 0), (1, 1, 1)),
    ((6, 6), (2, 2), (2, 2), (0, 1), (3, 1)),
]
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def showing(kernel):
    """A kernel for each of its elements: (prod, 1, kernel...)."""
    count = int(torch.tensor(kernel).prod())
    return torch.eye(count, dtype=torch.float64).reshape((count, 1) + kernel)


@row("unfold")
def _(r, i):
    shape, k, s, p, d = WINDOWS[i]

    def f(x):
        n, c = x.shape[:2]
        y = CONV[len(shape)](x.reshape((n * c, 1) + shape), showing(k), None, s, p, d)
        return y.reshape(n, c * y.shape[1], -1)

    return Case(f, [r.uniform((2, 2) + shape)], words(kernel=k, stride=s, padding=p, dilation=d))


@row("fold")
def _(r, i):
    shape, k, s, p, d = WINDOWS[i]
    out = window(shape, k, s, p, d)
    weight = showing(k)
    count, positions = weight.shape[0], int(torch.tensor(out).prod())
    rest = [n - ((o - 1) * t - 2 * q + e * (m - 1) + 1)
            for n, o, m, t, q, e in zip(shape, out, k, s, p, d)]

    def f(x):
        y = TRANSPOSED[len(shape)](x.reshape([4, count] + out), weight, None, s, p, rest, 1, d)
        return y.reshape((2, 2) + shape)

    return Case(f, [r.uniform((2, 2 * count, positions))],
                words(size=shape, kernel=k, stride=s, padding=p, dilation=d))


# ---- convolution: x, w, options, with b or without ---------------------------------------------
CONVS = {
    1: [((2, 3, 6), (2, 3, 3), (1,), (0,), (1,), 1), ((1, 4, 7), (4, 2, 2), (2,), (1,), (1,), 2),
        ((2, 2, 8), (2, 1, 3), (1,), (2,), (2,), 2), ((1, 1, 5), (1, 1, 5), (1,), (0,), (1,), 1),
        ((3, 2, 5), (3, 2, 1), (3,), (0,), (1,), 1)],
    2: [((2, 3, 5, 4), (2, 3, 3, 2), (1, 1), (0, 0), (1, 1), 1),
        ((1, 4, 6, 5), (4, 2, 2, 3), (2, 1), (1, 0), (1, 2), 2),
        ((2, 3, 5, 5), (3, 1, 3, 3), (1, 2), (1, 1), (1, 1), 3),
        ((1, 1, 4, 4), (2, 1, 2, 2), (3, 3), (0, 1), (2, 1), 1),
        ((2, 2, 3, 3), (2, 2, 3, 3), (1, 1), (2, 2), (1, 1), 1)],
    3: [((1, 2, 3, 3, 4), (2, 2, 2, 2, 2), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1),
        ((1, 2, 4, 3, 3), (2, 1, 2, 1, 2), (2, 1, 1), (1, 0, 1), (1, 1, 2), 2),
        ((2, 1, 2, 3, 2), (1, 1, 1, 3, 1), (1, 1, 2), (0, 1, 0), (1, 1, 1), 1),
        ((1, 1, 3, 3, 3), (2, 1, 3, 3, 3), (1, 2, 1), (1, 1, 1), (1, 1, 1), 1),
        ((1, 3, 2, 2, 2), (3, 1, 2, 2, 2), (1, 1, 1), (1, 0, 1), (1, 1, 1), 3)],
}
for _n in (1, 2, 3):
    @row(f"conv{_n}d")
    def _(r, i, n=_n):
        x, w, s, p, d, g = CONVS[n][i]
        b = [r.uniform(w[:1])] if i % 2 == 0 else []
        return Case(lambda x, w, b=None: CONV[n](x, w, b, s, p, d, g),
                    [r.uniform(x), r.uniform(w)] + b,
                    words(stride=s, padding=p, dilation=d, groups=g))

    # The transpose of the same convolution: x has the channels and sizes of its result.
    @row(f"conv_transpose{_n}d")
    def _(r, i, n=_n):
        x, w, s, p, d, g = CONVS[n][i]
        out = window(x[2:], w[2:], s, p, d)
        more = tuple(min(t - 1, i % 2) for t in s)
        b = [r.uniform((w[1] * g,))] if i % 2 == 0 else []
        return Case(lambda x, w, b=None: TRANSPOSED[n](x, w, b, s, p, more, g, d),
                    [r.uniform([x[0], w[0]] + out), r.uniform(w)] + b,
                    words(stride=s, padding=p, dilation=d, output_padding=more, groups=g))


# ---- pooling -----------------------------------------------------------------------------------
POOLS = {
    1: [((2, 2, 6), (2,), (2,), (0,), (1,)), ((1, 3, 7), (3,), (1,), (1,), (2,)),
        ((2, 1, 5), (3,), (2,), (1,), (1,)), ((1, 1, 4), (4,), (1,), (2,), (1,)),
        ((3, 2, 8), (2,), (3,), (0,), (3,))],
    2: [((2, 2, 4, 6), (2, 2), (2, 2), (0, 0), (1, 1)),
        ((1, 3, 5, 5), (3, 2), (1, 2), (1, 1), (1, 2)),
        ((2, 1, 5, 4), (3, 3), (2, 2), (1, 1), (1, 1)),
        ((1, 1, 3, 3), (3, 3), (1, 1), (0, 1), (1, 1)),
        ((1, 2, 7, 4), (2, 1), (1, 1), (1, 0), (3, 1))],
    3: [((1, 2, 4, 2, 4), (2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1)),
        ((1, 1, 3, 4, 3), (2, 3, 2), (1, 2, 1), (1, 1, 0), (1, 1, 2)),
        ((2, 1, 3, 3, 3), (3, 3, 3), (2, 2, 2), (1, 1, 1), (1, 1, 1)),
        ((1, 1, 2, 3, 4), (1, 2, 3), (1, 1, 1), (0, 1, 1), (1, 1, 1)),
        ((2, 2, 2, 2, 2), (2, 2, 2), (1, 1, 1), (1, 1, 1), (1, 1, 1))],
}
for _n in (1, 2, 3):
    @row(f"max_pool{_n}d")
    def _(r, i, f={1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[_n], n=_n):
        x, k, s, p, d = POOLS[n][i]
        return Case(lambda x: f(x, k, s, p, d), [r.distinct(x)],
                    words(kernel=k, stride=s, padding=p, dilation=d))

    @row(f"avg_pool{_n}d")  # PyTorch has no dilation here
    def _(r, i, f={1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[_n], n=_n):
        x, k, s, p, _d = POOLS[n][i]
        return Case(lambda x: f(x, k, s, p, False, i % 2 == 0), [r.uniform(x)],
                    words(kernel=k, stride=s, padding=p, flag=i % 2 == 1))


# The same by where PyTorch finds the largest, which are no two alike.
MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def places(x, k, s, p, d):
    """Of each window, the place of its largest element in the flattened plane."""
    return MAX_POOL[len(k)](x, k, s, p, d, return_indices=True)[1].flatten(2)


def pool_words(k, s, p, d):
    return words(kernel=k, stride=s, padding=p, dilation=d)


@row("window_max")
def _(r, i):
    x, k, s, p, d = POOLS[1 + i % 3][i]
    return Case(lambda x: MAX_POOL[len(k)](x, k, s, p, d), [r.distinct(x)], pool_words(k, s, p, d))


@row("window_max_share")
def _(r, i):
    shape, k, s, p, d = POOLS[1 + i % 3][i]

    def f(x, z):
        return (torch.zeros_like(x).flatten(2)
                .scatter_add(2, places(x, k, s, p, d), z.flatten(2)).reshape(shape))

    out = list(shape[:2]) + window(shape[2:], k, s, p, d)
    return Case(f, [r.distinct(shape), r.uniform(out)], pool_words(k, s, p, d), frozen=(0,))


@row("window_max_mean")
def _(r, i):
    shape, k, s, p, d = POOLS[1 + i % 3][i]

    def f(x, z):
        y = z.flatten(2).gather(2, places(x, k, s, p, d))
        return y.reshape(list(shape[:2]) + window(shape[2:], k, s, p, d))

    return Case(f, [r.distinct(shape), r.uniform(shape)], pool_words(k, s, p, d), frozen=(0,))


@row("avg_pool2d with dilation", "avg_pool2d")
def _(r, i):  # as a convolution of each channel with a kernel of equal weights
    (n, c, h, w), k, s, p, d = POOLS[2][i]
    weight = torch.full((1, 1) + k, 1 / (k[0] * k[1]), dtype=torch.float64)

    def f(x):
        y = F.conv2d(x.reshape(n * c, 1, h, w), weight, None, s, p, d)
        return y.reshape((n, c) + y.shape[2:])

    return Case(f, [r.uniform((n, c, h, w))], words(kernel=k, stride=s, padding=p, dilation=d))


SIZES = [((4, 6), (2, 3)), ((5, 7), (3, 2)), ((3, 3), (1, 1)), ((2, 3), (4, 5)), ((7, 5), (7, 4))]
for _name in ["adaptive_avg_pool", "adaptive_max_pool"]:
    @row(_name + "1d")
    def _(r, i, f=getattr(F, _name + "1d")):
        return Case(lambda x: f(x, SIZES[i][1][1]), [r.distinct((2, 2, SIZES[i][0][1]))],
                    words(shape=SIZES[i][1][1:]))

    @row(_name + "2d")
    def _(r, i, f=getattr(F, _name + "2d")):
        return Case(lambda x: f(x, SIZES[i][1]), [r.distinct((2, 2) + SIZES[i][0])],
                    words(shape=SIZES[i][1]))


@row("upsample_nearest2d")
def _(r, i):
    return Case(lambda x: F.interpolate(x, SIZES[i][1], mode="nearest"),
                [r.uniform((2, 2) + SIZES[i][0])], words(shape=SIZES[i][1]))


for _corners in (False, True):
    @row("upsample_bilinear2d" + (", corners" if _corners else ""), "upsample_bilinear2d")
    def _(r, i, corners=_corners):
        shape, size = SIZES[i] if i != 0 else ((3, 4), (6, 9))
        return Case(lambda x: F.interpolate(x, size, mode="bilinear", align_corners=corners),
                    [r.uniform((2, 2) + shape)], words(shape=size, flag=corners))


# ---- layers ------------------------------------------------------------------------------------
for _name in ["softmax", "log_softmax"]:
    @row(_name)
    def _(r, i, f=getattr(torch, _name)):
        shape, axis = ALONG[i]
        return Case(lambda x: f(x, axis), [r.uniform(shape, -5 * (i + 1), 5 * (i + 1))],
                    words(axis=axis))


@row("glu")
def _(r, i):
    shape, axis = [((4,), 0), ((2, 6), 1), ((4, 3), -2), ((2, 3, 2), -1), ((3, 10, 1), 1)][i]
    return Case(lambda x: F.glu(x, axis), [r.uniform(shape, -5, 5)], words(axis=axis))


def norm_inputs(r, i):
    n, c = [(4, 3), (7, 1), (3, 5), (10, 2), (5, 4)][i]
    return [r.uniform((n, c)), r.uniform((c,)), r.uniform((c,)), r.uniform((c,)),
            r.uniform((c,), 0.3, 2)]


def normed(train, eps):
    def f(x, gamma, beta, mean, var):
        return F.batch_norm(x, mean.detach().clone(), var.detach().clone(), gamma, beta, train, 0.1,
                            eps)

    return f


def after(x, gamma, beta, mean, var):
    mean, var = mean.detach().clone(), var.detach().clone()
    F.batch_norm(x, mean, var, gamma, beta, True, 0.1)
    return torch.cat([mean, var])


for _torch in (True, False):
    _kind, _eps = (", PyTorch's", 1e-5) if _torch else (", the book's", 1e-6)
    for _train in (True, False):
        _call = "batch_norm_train" if _train else "batch_norm_eval"
        simple(_call + _kind, normed(_train, _eps), norm_inputs, frozen=(3, 4), call=_call,
               attrs=lambda i, flag=_torch: words(flag=flag))
simple("batch_norm_running", after, norm_inputs, lambda i: "flag=true", values_only=True)
for _mode, _name in enumerate(["inverted", "the book's"]):
    simple(f"dropout with a mask, {_name}", lambda x, m, k=_mode: x * m / (1 if k else 0.7),
           lambda r, i: [r.uniform((i + 1, 4)), r.mask((i + 1, 4)).double()], frozen=(1,),
           attrs=lambda i, k=_mode: words(p=0.3, mode=k), call="dropout_mask")
simple("dropout_eval, the book's", lambda x: x * 0.7, lambda r, i: [r.uniform((i + 1, 3))],
       lambda i: words(p=0.3, mode=1), call="dropout_eval")
simple("attention", lambda q, k, v: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v,
       lambda r, i: [r.uniform(s) for s in [(2, i + 1, 4), (2, 3, 4), (2, 3, 2)]],
       lambda i: words(n=4))
simple("layer_norm", lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b),
       lambda r, i: [r.uniform((3, i + 2)), r.uniform((i + 2,)), r.uniform((i + 2,))],
       lambda i: words(alpha=1e-5))


def recurrence(x, h, W, U, V, R):
    for now in x:
        z = torch.sigmoid(now @ W + h @ U)
        h = (1 - z) * h + z * torch.tanh(now @ V + h @ R)
    return h


simple("gated_recurrence", recurrence,
       lambda r, i: [r.uniform(s) for s in [(i + 1, 2, 3), (2, 4), (3, 4), (4, 4), (3, 4), (4, 4)]])
