"""Whole numbers that take more than 64 bits: every way to compute works with them, or a sentence refuses them."""

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.surfaces.compiled import compiled

WORK = [
    "sin(10^22)*x",
    "cos(9^64)*x",
    "(10^38+1)^(1/2)*x",
    "log(10^20)*x",
    "(10^22)^x",
    "x^2+softplus(10^22)",
    "10^22*x",
    "abs(x-10^22)",
    "x*(10^22)^0.3",
    "sign(x*10^30)",
    "exp(x/10^40)",
    "(10^22)^(y/9)",
    "atan(10^19)*y",
    "9223372036854775808*x",
    "sin(9223372036854775808)*x",
    "sqrt(x^2+10^40)",
    "x^2/10^30",
    "(x+10^22)^2",
    "sin(-10^22)*x",
    "(10^22/3)*x",
    "tan(10^30/7)*x",
    "asin(1/10^30)*x",
    "cos(18446744073709551616)*x",
    "(10^22-y)^x",
    "sin((10^50)^4*sin((10^50)^4*x))",
]
REFUSED = ["x*(10^50)^4*(10^50)^4", "((10^50)^3*x)^64", "x/(10^50)^4/(10^50)^4", "1/3*x+y/(10^50)^7"]
REFUSED.append("*".join(["(10^50)^5"] * 28) + "*x")  # a number of 7,000 digits, which Python would not print


@pytest.mark.parametrize("text", WORK)
def test_large_whole_numbers_work_on_floats_arrays_and_machine_code(text):
    surface = ov.surface(text)
    one = ov.descend(surface, ov.optimizer("sgd"), start=(0.5, 0.25), steps=3).trajectories[0]
    few, many = (ov.sweep(surface, ov.optimizer("sgd"), {"lr": [1e-3] * n}, (0.5, 0.25), steps=3) for n in (2, 5000))
    assert few.losses[0, 0] == many.losses[0, -1]
    np.testing.assert_allclose(one.losses[-1], few.losses[0, 0], rtol=1e-12)


@pytest.mark.parametrize("text", REFUSED)
def test_numbers_beyond_the_largest_are_refused_wherever_they_stand(text):
    with pytest.raises(ov.SpecError, match=r"Numbers may go up to|no finite real value"):
        ov.surface(text)


def test_small_whole_numbers_are_printed_as_they_always_were():
    lines = compiled(ov.surface("(7*x + y/3)^2 + 9007199254740992*y")).float_value.__doc__
    assert "(7*x + (1/3)*y)**2" in lines and "9007199254740992*y" in lines
