"""What tells functions of one's own apart: what they do and work with, in this process and in the next."""

import decimal
import fractions
import functools
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from optim_viz.optimizers.identity import identity

NUMBERS = {
    "float": (0.1, 0.2), "float32": (np.float32(0.1), np.float32(0.2)), "array": (np.ones(2), np.zeros(2)),
    "tensor": (torch.tensor(0.1), torch.tensor(0.2)), "Decimal": (decimal.Decimal(1), decimal.Decimal(2)),
    "Fraction": (fractions.Fraction(1, 2), fractions.Fraction(1, 3)), "list": ([1, 2], [1, 3]), "set": ({1}, {2}),
    "dict": ({"a": 1}, {"a": 2}), "nothing": (None, 0), "built in": (math.sin, math.cos), "class": (int, float),
    "partial": (functools.partial(pow, 2), functools.partial(pow, 3)),
    "parameter": (torch.nn.Parameter(torch.ones(1)), 1),
}  # fmt: skip


def closing_over(value):
    return lambda params, lr: [params, lr, value]


@pytest.mark.parametrize(("one", "other"), NUMBERS.values(), ids=NUMBERS)
def test_the_values_that_a_function_works_with_tell_it_apart(one, other):
    assert identity(closing_over(one)) == identity(closing_over(one)) != identity(closing_over(other))
    kept = functools.partial(closing_over, value=one), functools.partial(closing_over, value=other)
    assert identity(kept[0]) != identity(kept[1]) and "0x" not in identity(kept[0])


def called(rate):
    class Made:
        __slots__ = ("rate",)

        def __init__(self):
            self.rate = rate

        def __call__(self, params, lr):
            return [params, lr * self.rate]

    return Made


def test_an_object_is_told_by_what_it_holds_and_its_class_by_what_it_does():
    class Other(called(1)):
        def __call__(self, params, lr):
            return [params, lr]

    Other.__qualname__ = called(1).__qualname__
    assert identity(called(1)()) == identity(called(1)()) != identity(called(2)())
    assert len({identity(made()) for made in (called(1), Other)}) == 2


def test_what_is_part_of_itself_and_what_is_installed_come_to_an_end():
    def again(params, lr):
        return again(params, lr) if loop else torch.nn.utils.clip_grad_norm_(params, functools.reduce(max, [lr]))

    loop = []
    loop.append(loop)
    assert len(identity(again)) < 3000
    assert identity(torch.optim.SGD) != identity(torch.optim.Adam) and len(identity(torch.optim.SGD)) < 100


PROGRAM = """import sys, torch
from optim_viz.optimizers.identity import identity
RATE = float(sys.argv[1])
class Made:
    momentum = 0.5
    def __init__(self): self.itself, self.names = self, {"b", "a", "c"}
    def sgd(self, params, lr): return torch.optim.SGD(params, lr=RATE * lr, momentum=self.momentum)
print(identity(Made().sgd))
"""


def test_it_is_the_same_in_every_process():
    said = [
        subprocess.run([sys.executable, "-c", PROGRAM, rate], capture_output=True, text=True, check=True).stdout
        for rate in ("1", "1", "2")
    ]
    assert said[0] == said[1] != said[2] and "0x" not in said[0]
