"""The typed function: attacks and mistakes get a sentence at once, everything else equals torch."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.expression import FUNCTIONS, ExpressionError, parse
from tests.reference import torch_loss

REFUSED = [
    # reaching out of the expression
    ("__import__('os').system('id')", "has no meaning"),
    ("__import__", "has no meaning|Unknown name"),
    ("x.__class__", "Only numbers, x, y"),
    ("x.real", "Only numbers, x, y"),
    ("(1).bit_length()", "Only the usual functions can be called"),
    ("().__class__.__bases__", "Only numbers, x, y"),
    ("eval(x)", "'eval' is not a function"),
    ("exec(x)", "'exec' is not a function; did you mean 'exp'?"),
    ("open(x)", "'open' is not a function"),
    ("print(x)", "'print' is not a function"),
    ("globals()", "'globals' is not a function"),
    ("getattr(x, y)", "'getattr' is not a function"),
    ("lambda: x", "has no meaning"),
    ("lambda x", "cannot be read"),
    ("[x for x in y]", "has no meaning"),
    ("{x}", "has no meaning"),
    ("x if y else 1", "Only numbers, x, y"),
    ("x and y", "Only numbers, x, y"),
    ("not x", "Only \\+ and - may stand before"),
    ("x or y", "Only numbers, x, y"),
    ("x is y", "Only numbers, x, y"),
    ("x in y", "Only numbers, x, y"),
    ("yield x", "cannot be read"),
    ("await x", "cannot be read|Only numbers"),
    ("import os", "cannot be read"),
    ("x = 1", "has no meaning"),
    ("x := 1", "has no meaning"),
    ("x; y", "has no meaning"),
    ("'x'", "has no meaning"),
    ('"x"', "has no meaning"),
    ("x\\y", "has no meaning"),
    ("x@y", "has no meaning"),
    ("x % y", "has no meaning"),
    ("x // y", "Only \\+ - \\* / and \\^"),
    ("x == y", "has no meaning"),
    ("x < y", "has no meaning"),
    ("x & y", "has no meaning"),
    ("~x", "has no meaning"),
    ("x, y", "Only numbers, x, y"),
    ("(x, y)", "Only numbers, x, y"),
    ("sin(*x)", "takes one argument|Only numbers"),
    ("sin(x, y)", "sin takes one argument"),
    ("sin()", "sin takes one argument"),
    ("sin(sin)", "sin needs its argument in parentheses"),
    ("True", "True is not a number"),
    ("None", "None is not a number"),
    ("1j", "1j is not a number"),
    ("x\x00y", "has no meaning"),
    ("\uff58 + 1", "has no meaning"),
    ("x\u00b2", "has no meaning"),
    ("\u03c0*x", "has no meaning"),
    # too much
    ("x" * 301, "300 characters; this has 301"),
    ("1" * 10**6, "300 characters; this has 1,000,000"),
    ("+".join("x" * 101), "A function may have 200 parts"),
    ("(" * 60 + "x" + ")" * 60 + "+" + "-" * 60 + "x", "nested 40 deep"),
    ("sin(" * 45 + "x" + ")" * 45, "nested 40 deep"),
    ("(" * 250, "parentheses do not pair up"),
    ("-" * 290 + "x", "nested 40 deep|nested too deeply|200 parts"),
    ("9^9^9^9", "Exponents may go from -64 to 64"),
    ("x^1000", "Exponents may go from -64 to 64"),
    ("x^-65", "Exponents may go from -64 to 64"),
    ("99999^64", "Numbers may go up to 1e\\+300"),
    ("(9^64)^64", "Numbers may go up to 1e\\+300"),
    ("1e301*x", "Numbers may go up to 1e\\+300"),
    ("1e999", "Numbers may go up to 1e\\+300"),
    ("exp(1000)", "Numbers may go up to 1e\\+300"),
    ("cosh(cosh(cosh(10)))", "Numbers may go up to 1e\\+300|no finite real"),
    # not a finite real number
    ("1/0", "This divides by zero"),
    ("x/(y - y)", "This divides by zero"),
    ("0^-1", "0 may only be raised to a positive power"),
    ("0^0", "0 may only be raised to a positive power"),
    ("log(0)", "log\\(0\\) has no finite value"),
    ("log(-1)", "no finite real value"),
    ("sqrt(-1)*x", "no finite real value"),
    ("asin(2)", "no finite real value"),
    ("(-8)^(1/3)", "no finite real value"),
    ("tan(pi/2)", "no finite real value"),
    ("(-2)^y", "A negative number may only be raised to a fixed power"),
    # slips of the pen
    ("", "Type a function of x and y"),
    ("   ", "Type a function of x and y"),
    ("2x", "write products with \\*"),
    ("x y", "write products with \\*"),
    ("x(y)", "'x' is not a function; write products with \\*"),
    ("2(x + y)", "Only the usual functions can be called|write products"),
    ("(x + y", "parentheses do not pair up"),
    ("x + y)", "parentheses do not pair up"),
    ("x +", "cannot be read"),
    ("* x", "cannot be read"),
    ("x ^", "cannot be read"),
    ("sin x", "cannot be read"),
    ("sin", "sin needs its argument in parentheses, as in sin\\(x\\)"),
    ("z^2", "Unknown name 'z'"),
    ("X^2", "Unknown name 'X'; did you mean 'x'"),
    ("sine(x)", "'sine' is not a function; did you mean 'sin'"),
    ("Sqrt(x)", "did you mean 'sqrt'"),
    ("ln(x)", "'ln' is not a function"),
    ("1.2.3", "cannot be read"),
    ("1,5*x", "Only numbers, x, y"),
    ("x = y^2", "has no meaning"),
    ("f(x) = x^2", "has no meaning"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED, ids=range(len(REFUSED)))
def test_attacks_and_mistakes_get_their_sentence_at_once(text, sentence):
    parse("x + 1.5^0.3"), parse("tan(y)"), float(parse("log(2) + asin(1)").evalf(15))  # sympy is loaded and warm
    before = time.perf_counter()
    with pytest.raises(ExpressionError, match=sentence) as error:
        parse(text)
    assert time.perf_counter() - before < 0.05
    assert "\n" not in str(error.value) and "(at character " in str(error.value)
    assert 0 <= error.value.column <= len(text)


@pytest.mark.parametrize(
    ("text", "column"), [("x + foo(y)", 4), ("x^2 + z", 6), ("2^x + y^99", 8), ("x + y $ 2", 6), ("1/(x - x)", 2)]
)
def test_the_complaint_points_at_the_place(text, column):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert abs(error.value.column - column) <= 1


def products(function, count):
    return "*".join(f"{function}(x + {i})" for i in range(count))


HOSTILE = [
    "sin(" * 35 + "x" + ")" * 35,
    "tanh(" * 35 + "x*y" + ")" * 35,
    "log(" * 35 + "x" + ")" * 35,
    "softplus(" * 20 + "x" + ")" * 20,
    products("sin", 25),
    "((((x^64)^64)^64)^64)^64",
    "(x + y + 1)^64*(x - y)^64",
    "^".join("x" * 30),
    "sin(x)^cos(y)^sin(x)^cos(y)^sin(x)^cos(y)^sin(x)^cos(y)",
    "*".join(f"sin(x*y+{i})^y" for i in range(18)),
    "abs(" + "-".join(f"sqrt({i})" for i in range(1, 30)) + ")",
    "*".join(f"({10**6 + 7 * i})^(1/{3 + i})" for i in range(15)),
    "abs(((sqrt(sin(sqrt(softplus((softplus(abs(((x+y/x)^(y*x+y))))/(((((2*(x*y/(x+y*x)))*sqrt((x*y*2)))*x*y)+(x+x*y))"
    "*(sin(sin((x+y+softplus(x+y))))^asin((atan((tanh(2)^2))/(x*y*2))))))))))^((x^(2*(x+2)))+(softplus(2)^2)))"
    "*(sinh(2)^(2+(2*x+y)))))",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_worst_texts_compile_in_seconds(text):
    before = time.perf_counter()
    row = Surface("own", "own", text, (-1.0, 1.0, -1.0, 1.0), (0.5, 0.5))
    values = compiled(row).values(*np.meshgrid(np.linspace(-1, 1, 11), np.linspace(-1, 1, 11)))
    assert time.perf_counter() - before < 8.0  # 1 to 2 s alone on one core
    assert values.shape == (11, 11)


def texts():
    """Random texts of the grammar; most are functions, some are refused."""
    leaf = st.sampled_from(["x", "y", "pi", "e", "1", "2", "0.5", "3.25", "10", "0"])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            st.tuples(inner, st.sampled_from(["2", "3", "-1", "0.5", "y"])).map(lambda p: f"({p[0]})^({p[1]})"),
            st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda p: f"{p[0]}({p[1]})"),
            inner.map(lambda p: f"-{p}"),
        ),
        max_leaves=6,
    )


RANDOM = {"deadline": None, "derandomize": True, "phases": [Phase.generate], "database": None}


@settings(max_examples=2000, suppress_health_check=list(HealthCheck), **RANDOM)
@given(text=texts())
def test_random_expressions_parse_or_are_refused(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        assert str(error)
    else:
        assert expression.free_symbols <= parse("x + y").free_symbols


POINTS = np.random.default_rng(0).uniform(-2, 2, (20, 2))


@settings(max_examples=150, suppress_health_check=list(HealthCheck), **RANDOM)
@given(text=texts())
def test_random_functions_and_their_gradients_equal_torchs(text):
    try:
        parse(text)
    except ExpressionError:
        return
    row = Surface("own", "own", text, (-2.0, 2.0, -2.0, 2.0), (1.0, 1.0))
    theta = torch.tensor(POINTS, requires_grad=True)
    losses = torch_loss(row)(theta[:, 0], theta[:, 1]) + 0.0 * theta.sum(1)
    losses.sum().backward()
    functions = compiled(row)
    values, gradients = functions.values(*POINTS.T), functions.gradients(*POINTS.T).T
    sound = (
        np.isfinite(losses.detach().numpy()) & np.isfinite(theta.grad.numpy()).all(1) & np.isfinite(gradients).all(1)
    )
    sound &= np.abs(theta.grad.numpy()).max(1) < 1e6  # beyond, cancellation decides the digits
    np.testing.assert_allclose(values[sound], losses.detach()[sound], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradients[sound], theta.grad[sound], rtol=1e-6, atol=1e-6)
    for (x, y), expected in zip(POINTS.tolist(), gradients, strict=True):
        try:
            found = functions.float_gradient(0, x, y)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        if np.isfinite(expected).all():
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), **RANDOM)
@given(text=texts())
def test_any_function_can_be_descended(text):
    try:
        own = ov.surface(text)
    except ov.SpecError:
        return
    c = ov.descend(own, [ov.optimizer("momentum", lr=0.01), ov.optimizer("rprop")], steps=30)
    assert all(isinstance(run.outcome, ov.Outcome) and run.status for run in c)


def test_jumps_and_kinks_have_the_gradient_that_autograd_gives():
    for text in ("sign(x)*x^2", "abs(x*y - 1)", "sign(abs(x))", "abs(x^y)"):
        row = Surface("own", "own", text, (-2.0, 2.0, -2.0, 2.0), (1.0, 1.0))
        assert np.isfinite(compiled(row).gradients(np.array([1.5]), np.array([0.5]))).all()
        assert all(math.isfinite(g) for g in compiled(row).float_gradient(0, 1.5, 0.5))
