# losses.py - rows for the losses, each with the reductions mean, sum and none.
import torch
import torch.nn.functional as F

from table import PAIRS, Case, row, simple, words

REDUCTIONS = ["mean", "sum", "none"]
SHAPES = [(4,), (2, 3), (3, 2, 2), (), (2, 3)]


def loss(name, f, make, **attrs):
    """f(*inputs, reduction); one case for each reduction and two more."""

    @row(name)
    def _(r, i):
        how = REDUCTIONS[i % 3]
        return Case(lambda *xs: f(*xs, reduction=how), make(r, SHAPES[i]),
                    words(mode=i % 3, **attrs))


def reduced(x, reduction):
    return x if reduction == "none" else getattr(x, reduction)()


def both(r, shape, lo=-2, hi=2):
    return [r.uniform(shape, lo, hi), r.uniform(shape, lo, hi)]


def differ(r, shape, kinks):
    """y and target whose difference stays away from the kinks."""
    target = r.uniform(shape)
    return [target + r.away(shape, kinks), target]


loss("mse", F.mse_loss, both)
loss("l1", F.l1_loss, lambda r, s: differ(r, s, [0]))
loss("huber", lambda y, t, reduction: F.huber_loss(y, t, delta=0.7, reduction=reduction),
     lambda r, s: differ(r, s, [-0.7, 0, 0.7]), alpha=0.7)
loss("smooth_l1", lambda y, t, reduction: F.smooth_l1_loss(y, t, beta=0.7, reduction=reduction),
     lambda r, s: differ(r, s, [-0.7, 0, 0.7]), alpha=0.7)
# By its formula: the 1e-12 that PyTorch adds to p (1 - p) shows in its second gradient.
loss("bce", lambda p, t, reduction: reduced(-(t * p.log() + (1 - t) * (1 - p).log()), reduction),
     lambda r, s: both(r, s, 0.05, 0.95))
loss("bce_with_logits", F.binary_cross_entropy_with_logits,
     lambda r, s: [r.uniform(s, -20, 20), r.uniform(s, 0, 1)])
loss("hinge", lambda y, t, reduction: reduced((1 - y * t).clamp(min=0), reduction),
     lambda r, s: (lambda y: [y, 1 - 2 * r.mask(s).double()])(r.away(s, [-1, 1])))
loss("kl_div", F.kl_div, lambda r, s: [r.uniform(s, -4, -0.1), r.uniform(s, 0.1, 1)])
loss("poisson_nll", lambda y, t, reduction: F.poisson_nll_loss(y, t, reduction=reduction), both)
loss("gaussian_nll",
     lambda y, t, v, reduction: F.gaussian_nll_loss(y, t, v, reduction=reduction),
     lambda r, s: both(r, s) + [r.uniform(s, 0.3, 2)], alpha=1e-6)


@row("cosine_similarity")
def _(r, i):
    a, b, axis = [((4,), (4,), 0), ((2, 3), (2, 3), -1), ((2, 3), (3,), 1),
                  ((2, 3, 4), (2, 3, 4), 1), ((2, 3), (2, 1), 1)][i]
    return Case(lambda a, b: F.cosine_similarity(a, b, axis), [r.signed(a), r.signed(b)],
                words(axis=axis, alpha=1e-8))


# ---- classes -----------------------------------------------------------------------------------
ROWS_AND_CLASSES = [(4, 3), (1, 5), (6, 2), (5, 4), (3, 3)]


def labelled(r, i):
    n, c = ROWS_AND_CLASSES[i]
    labels = r.index((n,), c, negative=False)
    return [r.uniform((n, c), -5, 5), labels]


@row("cross_entropy")
def _(r, i):
    how = REDUCTIONS[i % 3]
    return Case(lambda x, k: F.cross_entropy(x, k.long(), reduction=how), labelled(r, i),
                words(mode=i % 3))


@row("cross_entropy, all options", "cross_entropy")
def _(r, i):  # smoothing, weights and a label that does not count, in some rows but not in all
    how = REDUCTIONS[i % 3]
    x, k = labelled(r, i)
    k[1:2], k[0] = 1, 0
    weights, smooth, ignore = r.uniform(x.shape[1:], 0.2, 2), [0.1, 0, 0.3, 1, 0.05][i], 1
    return Case(lambda x, k, w: F.cross_entropy(x, k.long(), w, ignore_index=ignore, reduction=how,
                                                label_smoothing=smooth),
                [x, k, weights], words(mode=i % 3, alpha=smooth, ignore=ignore), frozen=(2,))


@row("cross_entropy of probabilities", "cross_entropy")
def _(r, i):
    how, smooth = REDUCTIONS[i % 3], 0.1 * i
    x = labelled(r, i)[0]
    p = torch.softmax(r.uniform(x.shape), 1)
    weights = [r.uniform(x.shape[1:], 0.2, 2)] if i % 2 else []
    return Case(lambda x, p, w=None: F.cross_entropy(x, p, w, reduction=how,
                                                     label_smoothing=smooth),
                [x, p] + weights, words(mode=i % 3, alpha=smooth), frozen=(2,))


@row("nll")
def _(r, i):
    how = REDUCTIONS[i % 3]
    x, k = labelled(r, i)
    weights = [r.uniform(x.shape[1:], 0.2, 2)] if i % 2 else []
    return Case(lambda x, k, w=None: F.nll_loss(x, k.long(), w, reduction=how),
                [x, k] + weights, words(mode=i % 3), frozen=(2,))


@row("cross_entropy with the book's eps", "cross_entropy")
def _(r, i):
    """The value with eps in the logarithm, the derivative without."""
    how, eps = REDUCTIONS[i % 3], [1e-7, 1e-2, 0.3, 1, 1e-12][i]

    def book(x, k):
        exact = torch.log_softmax(x, 1).gather(1, k.long().unsqueeze(1)).squeeze(1)
        rows = -(exact + ((exact.exp() + eps).log() - exact).detach())
        return rows if how == "none" else getattr(rows, how)()

    return Case(book, labelled(r, i), words(mode=i % 3, beta=eps))


simple("l2_penalty", lambda W1, b, W2: 0.05 * (W1.square().sum() + W2.square().sum()),
       lambda r, i: [r.uniform((3, 2)), r.uniform((2,)), r.uniform((2, i + 1))],
       lambda i: words(alpha=0.1))


def mlp(x, k, W1, b1, W2, b2):
    return F.cross_entropy(torch.tanh(x @ W1 + b1) @ W2 + b2, k.long())


simple("mlp_loss", mlp,
       lambda r, i: [r.uniform((5, 3)), r.index((5,), 4, negative=False)]
       + [r.uniform(s) for s in [(3, 6), (6,), (6, 4), (4,)]])
