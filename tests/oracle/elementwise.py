# elementwise.py - rows for the elementwise operations, masks and activations.
import torch
import torch.nn.functional as F

from table import PAIRS, SHAPES, Case, row, simple, words

# ---- one operand: name, PyTorch, range ---------------------------------------------------------
UNARY = [
    ("neg", torch.neg, -2, 2),
    ("reciprocal", torch.reciprocal, 0.3, 2),
    ("square", torch.square, -2, 2),
    ("sqrt", torch.sqrt, 0.2, 3),
    ("rsqrt", torch.rsqrt, 0.2, 3),
    ("exp", torch.exp, -3, 3),
    ("exp2", torch.exp2, -3, 3),
    ("expm1", torch.expm1, -1, 1),
    ("log", torch.log, 0.2, 3),
    ("log2", torch.log2, 0.2, 3),
    ("log1p", torch.log1p, -0.6, 3),
    ("sinh", torch.sinh, -3, 3),
    ("cosh", torch.cosh, -3, 3),
    ("tanh", torch.tanh, -3, 3),
    ("sigmoid", torch.sigmoid, -30, 30),
    ("log_sigmoid", F.logsigmoid, -30, 30),
    ("softplus", lambda x: F.softplus(x, threshold=1e9), -30, 30),
    ("erf", torch.erf, -3, 3),
    ("erfc", torch.erfc, -3, 3),
    ("sin", torch.sin, -6, 6),
    ("cos", torch.cos, -6, 6),
    ("tan", torch.tan, -1.2, 1.2),
    ("asin", torch.asin, -0.9, 0.9),
    ("acos", torch.acos, -0.9, 0.9),
    ("atan", torch.atan, -4, 4),
    ("gelu", F.gelu, -3, 3),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), -3, 3),
    ("silu", F.silu, -4, 4),
    ("mish", F.mish, -4, 4),
]
for _name, _f, _lo, _hi in UNARY:
    simple(_name, _f, lambda r, i, lo=_lo, hi=_hi: [r.uniform(SHAPES[i], lo, hi)])

# ---- one operand with kinks or jumps, which the inputs stay clear of --------------------------
HALVES = [k / 2 for k in range(-7, 8)]
KINKED = [
    ("abs", torch.abs, [0]),
    ("sign", torch.sign, [0]),
    # PyTorch has no cube root.
    ("cbrt", lambda x: x.sign() * x.abs() ** (1 / 3), [0]),
    ("floor", torch.floor, HALVES),
    ("ceil", torch.ceil, HALVES),
    ("round", torch.round, HALVES),
    ("trunc", torch.trunc, HALVES),
    ("relu", torch.relu, [0]),
    ("softsign", F.softsign, [0]),
    ("selu", F.selu, [0]),
    ("hardtanh", F.hardtanh, [-1, 1]),
    # By their formulas: the functions of PyTorch 1.13 have no second derivative.
    ("hardsigmoid", lambda x: (x / 6 + 0.5).clamp(0, 1), [-3, 3]),
    ("hardswish", lambda x: x * (x / 6 + 0.5).clamp(0, 1), [-3, 3]),
]
for _name, _f, _kinks in KINKED:
    simple(_name, _f, lambda r, i, kinks=_kinks: [r.away(SHAPES[i], kinks, -4, 4)])

ALPHA = [1.0, 0.5, 1.7, 0.1, 2.0]


@row("elu")
def _(r, i):
    return Case(lambda x: F.elu(x, ALPHA[i]), [r.away(SHAPES[i], [0])], words(alpha=ALPHA[i]))


@row("celu")
def _(r, i):  # by its formula: PyTorch rounds 1/alpha to f32 in its derivatives
    a = ALPHA[i]
    return Case(lambda x: torch.where(x > 0, x, a * torch.expm1(x / a)), [r.away(SHAPES[i], [0])],
                words(alpha=a))


@row("leaky_relu")
def _(r, i):
    return Case(
        lambda x: F.leaky_relu(x, ALPHA[i]), [r.away(SHAPES[i], [0])], words(alpha=ALPHA[i])
    )


@row("prelu")
def _(r, i):  # PyTorch: one slope, or one for each channel, which is axis 1
    shape = [(5,), (2, 3), (2, 3, 4), (2, 3, 2, 2), (4, 2)][i]
    c = 1 if i == 0 else shape[1]
    x, slope = r.away(shape, [0]), r.uniform((c,) + (1,) * max(len(shape) - 2, 0))
    return Case(lambda x, s: F.prelu(x, s.reshape(-1)), [x, slope])


@row("rrelu (evaluation)", "rrelu_eval")
def _(r, i):
    lo, hi = 0.1 * i, 0.3 + 0.1 * i
    return Case(
        lambda x: F.rrelu(x, lo, hi, False), [r.away(SHAPES[i], [0])], words(alpha=lo, beta=hi)
    )


@row("threshold")
def _(r, i):
    limit, value = i - 2.0, 3.0 - i
    return Case(
        lambda x: F.threshold(x, limit, value),
        [r.away(SHAPES[i], [limit])],
        words(alpha=limit, value=value),
    )


@row("clamp")
def _(r, i):
    lo, hi = -1.0 - 0.2 * i, 0.5 * i
    return Case(
        lambda x: x.clamp(lo, hi), [r.away(SHAPES[i], [lo, hi])], words(alpha=lo, beta=hi)
    )


# ---- two operands that broadcast ---------------------------------------------------------------
def pair(r, i, lo=-2, hi=2):
    return [r.uniform(s, lo, hi) for s in PAIRS[i]]


simple("add", torch.add, pair)
simple("sub", torch.sub, pair)
simple("mul", torch.mul, pair)
simple("div", torch.div, lambda r, i: [r.uniform(PAIRS[i][0]), r.signed(PAIRS[i][1], 0.4)])
simple("zmul", lambda a, b: torch.where(a == 0, 0 * a, a * b), pair)
simple("zzmul", lambda a, b: torch.where((a == 0) | (b == 0), 0 * a, a * b), pair)
simple("zdiv", lambda a, b: torch.where(a == 0, 0 * a, a / b),
       lambda r, i: [r.uniform(PAIRS[i][0]), r.signed(PAIRS[i][1], 0.4)])
simple("pow", torch.pow, lambda r, i: [r.uniform(PAIRS[i][0], 0.3, 2), r.uniform(PAIRS[i][1])])
simple("atan2", torch.atan2, lambda r, i: [r.signed(s, 0.3) for s in PAIRS[i]])
simple("logaddexp", torch.logaddexp, lambda r, i: pair(r, i, -9, 9))
simple("scalar times x", lambda x: 0.7 * x, lambda r, i: [r.uniform(SHAPES[i])],
       lambda i: "value=0.7", call="scalar_mul")


@row("fmod")
def _(r, i):  # a = b (whole + fraction), one b for all: away from the jumps
    b = r.signed((), 0.4) * torch.ones(PAIRS[i][1], dtype=torch.float64)
    whole = r.away(PAIRS[i][0], []).trunc()
    return Case(torch.fmod, [b.reshape(-1)[0] * (whole + r.uniform(whole.shape, 0.3, 0.6)), b])


def apart(r, i):  # a and b never tie: there PyTorch halves the gradient and tapegrad does not
    return [r.uniform(PAIRS[i][0]), 2.0 - 4.0 * r.mask(PAIRS[i][1]) + r.uniform(PAIRS[i][1])]


simple("maximum", torch.maximum, apart)
simple("minimum", torch.minimum, apart)
@row("where_equal")
def _(r, i):
    a, b = PAIRS[i]
    return Case(lambda j, k, x: torch.where(j == k, x, torch.zeros_like(x)),
                [r.index(a, 2, False), r.index(b, 2, False), r.uniform(b)])


simple("where", lambda c, a, b: torch.where(c.bool(), a, b),
       lambda r, i: [r.mask(PAIRS[i][1])] + pair(r, i))
simple("masked_fill", lambda x, m: x.masked_fill(m.bool(), 0.3),
       lambda r, i: [r.uniform(SHAPES[i]), r.mask(SHAPES[i])], lambda i: "value=0.3")

# ---- masks: values only ------------------------------------------------------------------------
COMPARE = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
for _name in COMPARE:
    _f = {"equal": torch.eq}.get(_name) or getattr(torch, _name)
    simple(_name, _f, lambda r, i: [r.uniform(s).round() for s in PAIRS[i]])
for _name in ["logical_and", "logical_or", "logical_xor"]:
    simple(_name, getattr(torch, _name), lambda r, i: [r.uniform(s).round() for s in PAIRS[i]])
simple("logical_not", torch.logical_not, lambda r, i: [r.uniform(SHAPES[i]).round()])


def special(r, i):
    """Numbers, infinities and NaN."""
    x = r.uniform(SHAPES[i]).round()
    return [torch.where(x.abs() == 2, x * float("inf"), torch.where(x == 1, x / 0 * 0, x))]


for _name in ["isnan", "isinf", "isfinite"]:
    simple(_name, getattr(torch, _name), special, frozen=(0,))

# ---- dtype and graph ---------------------------------------------------------------------------
simple("cast to f32", lambda x: x.float(), lambda r, i: [r.uniform(SHAPES[i])],
       lambda i: "dtype=f32", call="cast")
simple("cast to i32", lambda x: x.int(), lambda r, i: [r.uniform(SHAPES[i], -9, 9)],
       lambda i: "dtype=i32", call="cast")
simple("stop_gradient", lambda x: x.detach(), lambda r, i: [r.uniform(SHAPES[i])])
