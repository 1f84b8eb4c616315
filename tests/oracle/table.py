# table.py - what the tables of cases are made of: rows, random inputs and text for attributes.
import zlib

import numpy as np
import torch

CASES = 5  # of each row
ROWS = []  # (name of the row, name of the call, function of (Draw, case number) -> Case)


class Case:
    """f(*inputs) in PyTorch is what the call gives for the same inputs and the text attrs.

    Gradients are asked for the floating inputs but for those in frozen; none at all when
    values_only or where f gives integers."""

    def __init__(self, f, inputs, attrs="", frozen=(), values_only=False):
        self.f, self.inputs, self.attrs = f, inputs, attrs
        self.want = "".join(
            "d" if x.is_floating_point() and i not in frozen and not values_only else "-"
            for i, x in enumerate(inputs)
        )


def row(name, call=None):
    """Adds a function of (Draw, number of the case) as a row; call is the name in the library."""

    def add(make):
        ROWS.append((name, call or name, make))
        return make

    return add


def simple(name, f, make, attrs=lambda i: "", call=None, **more):
    """A row of which only the inputs and attributes vary: make(Draw, i) gives the inputs."""
    row(name, call)(lambda r, i: Case(f, make(r, i), attrs(i), **more))


def words(**attrs):
    """key=value words: tuples as 1,2,3, None as all, booleans as true and false."""

    def text(v):
        if isinstance(v, bool):
            return str(v).lower()
        if isinstance(v, (tuple, list)):
            return ",".join(str(k) for k in v)
        return "all" if v is None else str(v)

    return " ".join(f"{k}={text(v)}" for k, v in attrs.items())


class Draw:
    """Random inputs of a row; a row's do not depend on the other rows."""

    def __init__(self, seed, name):
        self.rng = np.random.default_rng([seed, zlib.crc32(name.encode())])

    def uniform(self, shape, lo=-2.0, hi=2.0):
        return torch.tensor(self.rng.uniform(lo, hi, shape), dtype=torch.float64)

    def signed(self, shape, lo=0.1, hi=2.0):
        """A magnitude and a random sign: away from a kink at 0."""
        sign = torch.tensor(self.rng.choice([-1.0, 1.0], shape), dtype=torch.float64)
        return sign * self.uniform(shape, lo, hi)

    def away(self, shape, kinks, lo=-3.0, hi=3.0):
        """Uniform, but at least 0.05 from each kink."""
        x = self.uniform(shape, lo, hi)
        for k in kinks:
            x = torch.where((x - k).abs() < 0.05, x + 0.1, x)
        return x

    def distinct(self, shape, span=2.0):
        """No two alike: for orders, maxima and their gradients, where ties are conventions."""
        n = int(np.prod(shape))
        x = (self.rng.permutation(n) + self.rng.uniform(0.1, 0.9, n)) / n
        return torch.tensor(span * (2 * x - 1).reshape(shape), dtype=torch.float64)

    def index(self, shape, n, negative=True):
        """Indices of an axis of n elements, also from its end."""
        return torch.tensor(self.rng.integers(-n if negative else 0, n, shape), dtype=torch.int32)

    def mask(self, shape):
        return torch.tensor(self.rng.integers(0, 2, shape), dtype=torch.uint8)


# What elementwise rows cycle through: from 0-d to 4-d, and pairs that broadcast.
SHAPES = [(), (5,), (2, 3), (3, 1, 4), (2, 2, 3, 2)]
PAIRS = [((), (3,)), ((2, 3), (3,)), ((4, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((5,), (5,))]
# Shapes with an axis of each, and for reductions with one axis, several or all.
ALONG = [((4,), 0), ((2, 3), 0), ((2, 3, 4), -2), ((3, 4), -1), ((2, 3, 2, 2), 1)]
OVER = [
    ((), None, False),
    ((3, 4), (0,), False),
    ((2, 3, 4), (-1,), True),
    ((3, 2, 4), (0, 2), False),
    ((2, 3, 2), None, True),
]


def long(index, n):
    """An index as PyTorch takes it."""
    return index.long() % n


def numpy_slice(n, start, stop, step):
    """The places that x[start:stop:step] shows of an axis of n elements."""
    return torch.tensor(np.arange(n)[start:stop:step].copy())
