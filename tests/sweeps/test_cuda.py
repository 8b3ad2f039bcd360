"""Kernels do what NumPy does: the same CUDA source as C++, run on a CPU; and one that does not is not used."""

import dataclasses
import itertools
import logging
import re
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import optim_viz as ov
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.optimizers.trace import function_called, trace
from optim_viz.surfaces import torch_functions
from optim_viz.surfaces.expression import parse
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps import backends, batch, cuda, cuda_check, sweep
from optim_viz.sweeps.cuda_check import CHAOTIC, CLOSE, apart, rounded_otherwise
from optim_viz.sweeps.cuda_code import HELPERS, OPERATIONS, lines_of
from optim_viz.sweeps.cuda_source import source_of
from optim_viz.typed.pasted import ExpressionError
from tests.surfaces.test_expression import texts
from tests.sweeps.cuda_on_cpu import compiled
from tests.sweeps.test_machine_code import SPECIAL

RULES = [row.name for row in OPTIMIZERS.values() if row.rule]
SMOOTH = ["rosenbrock", "himmelblau", "mccormick", "beale", "six_hump_camel", "linear_regression", "levy", "cliff"]


def ends(spec, backend, watch=True, span=None):
    return batch.run_here(spec, watch, span or (0, spec.runs), 1, backend=backend)


def on_gpu(spec):
    return backends.torch_backend(spec, "cuda")


def with_kernel(spec, compiler, backend=backends.numpy_backend):
    """A backend whose kernels a compiler makes: a GPU's own where that is the compiler's."""
    return dataclasses.replace((on_gpu if compiler is cuda.compiled else backend)(spec), compiler=compiler)


def held(spec, backend, watch=True):
    """A kernel's ends, after they were found to be NumPy's but for runs that chaos takes elsewhere from NumPy's own."""
    assert batch.kernel_of(spec, backend, watch) is not None
    expected, got = ends(spec, backends.numpy_backend(spec), watch), ends(spec, backend, watch)
    moved = ends(spec, rounded_otherwise(backends.numpy_backend(spec)), watch)
    steady = apart(expected, moved) <= CHAOTIC
    assert 4 * (steady & np.isfinite(expected[0])).sum() >= len(steady)
    off = apart(expected, got)
    assert off[steady].max() <= CLOSE
    return got


def axes_of(kind):
    """Learning rates, the values of an optimizer's first number besides, and starts."""
    numbers = [
        h for h in OPTIMIZERS[kind].hyperparameters if h.scale != "bool" and h.name not in ("lr", "weight_decay")
    ]
    own = {h.name: [h.default, h.default * (2.0 if h.scale == "log" else 0.9)] for h in numbers[:1]}
    return {"lr": np.geomspace(1e-3, 0.05, 4), **own, "x": [-1.0, 0.5]}


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_on_smooth_surfaces(kind, compiler):
    place = RULES.index(kind)
    for surface in (SMOOTH[place % len(SMOOTH)], SMOOTH[(place + 3) % len(SMOOTH)]):
        spec = sweep.check(surface, ov.optimizer(kind), axes_of(kind), steps=90)
        held(spec, with_kernel(spec, compiler))


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_with_its_switches_and_nothing_but_a_start_to_sweep(kind, compiler):
    rows = OPTIMIZERS[kind].hyperparameters
    on = {h.name: True for h in rows if h.scale == "bool" and h.name != "maximize"}
    known = {h.name for h in rows}
    on |= {name: value for name, value in {"weight_decay": 0.01, "momentum": 0.5}.items() if name in known}
    on |= {"dampening": 0.0} if "nesterov" in on and "dampening" in known else {}
    spec = sweep.check("booth", ov.optimizer(kind, lr=0.01, **on), {"y": np.linspace(-2.0, 2.0, 9)}, steps=60)
    held(spec, with_kernel(spec, compiler))


SCHEDULED = [name for name, row in SCHEDULES.items() if row.rate is not None]


@pytest.mark.parametrize("name", SCHEDULED)
def test_every_schedule_with_rates_by_axis_and_without(name, compiler):
    for axes in ({"lr": [1e-3, 0.02], "x": [-1.0, 1.5]}, {"y": [-1.0, 0.0, 1.5]}):
        optimizer = ov.optimizer(
            "adam", lr=0.02, schedule=ov.schedule(name), lr_scale=(1.0, 0.5 if "lr" in axes else 1.0)
        )
        spec = sweep.check("rosenbrock", optimizer, axes, steps=50)
        held(spec, with_kernel(spec, compiler))


def test_a_schedule_that_cycles_the_momentum_and_one_that_watches_the_losses(compiler):
    plan = ov.schedule("onecycle", cycle_momentum=True)
    for kind in ("momentum", "adam"):
        spec = sweep.check("rosenbrock", ov.optimizer(kind, lr=1e-3, schedule=plan), {"x": [-1.0, 1.5]}, steps=50)
        held(spec, with_kernel(spec, compiler))
    spec = sweep.check("rosenbrock", ov.optimizer("sgd", schedule=ov.schedule("plateau")), {"lr": [1e-4, 1e-3]})
    assert source_of(spec, True) is None
    ends(spec, dataclasses.replace(backends.numpy_backend(spec), compiler=compiler))  # nor do tensors take it


@pytest.mark.parametrize("surface", ["linear_regression", "logistic_regression"])
def test_noise_batches_seeds_and_clipping(surface, compiler):
    for size, noise, clip in ((None, 0.3, {"clip_norm": 1.0}), (5, 0.0, {"clip_value": 0.4}), (7, 0.1, {})):
        optimizer = ov.optimizer("adam", schedule=ov.schedule("cosine"), **clip)
        axes = {"lr": [0.01, 0.1], "beta1": [0.0, 0.9]}
        spec = sweep.check(surface, optimizer, axes, None, 70, noise, size, seed=3, seeds=3)
        backend = with_kernel(spec, compiler)
        losses = held(spec, backend)[0]
        assert len(set(losses.tolist())) == spec.runs
        for span in ((0, 3), (3, 11), (11, spec.runs)):  # which begin and end within a seed
            np.testing.assert_array_equal(ends(spec, backend, span=span)[0], losses[slice(*span)])


def test_bounds_on_gradients_as_axes(compiler):
    for fixed, axis in (({"clip_value": 2.0}, "clip_norm"), ({}, "clip_value")):
        axes = {"lr": [1e-4, 1e-3], axis: [0.0, 0.5, 5.0]}
        spec = sweep.check("rosenbrock", ov.optimizer("momentum", **fixed), axes, steps=60)
        held(spec, with_kernel(spec, compiler))


def test_axes_that_are_batches_of_their_own_and_points(compiler):
    optimizer = ov.optimizer("adam", schedule=ov.schedule("exponential"))
    axes = {"schedule.gamma": [0.9, 0.99], "noise": [0.0, 0.2], "amsgrad": [0, 1], "lr": [0.01, 0.1]}
    spec = sweep.check("himmelblau", optimizer, axes, steps=40, seeds=2)
    expected, got = sweep.run(spec), sweep.run(spec, backend=with_kernel(spec, compiler))
    np.testing.assert_allclose(got.losses, expected.losses, rtol=1e-9)
    points = sweep.check("beale", optimizer, ov.halton({"lr": (1e-4, 0.1), "beta2": (0.9, 0.99)}, 37), steps=40)
    held(points, with_kernel(points, compiler))


@pytest.mark.parametrize("kind", ["sgd", "rprop"])  # rprop forgets a gradient that is not finite
def test_what_overflows_overflows(kind, compiler):
    spec = sweep.check("rosenbrock", ov.optimizer(kind), {"lr": [1e-3, 10.0], "x": [0.5]}, steps=50)
    spec = dataclasses.replace(spec, axes=(spec.axes[0], ("x", (0.5, 1.0, 1e200, np.finfo(float).max))))
    backend = with_kernel(spec, compiler)
    for watch in (True, False):
        kernel = cuda.Kernel(source_of(spec, watch), compiler(source_of(spec, watch).text))
        for expected, got in zip(ends(spec, backend, watch), batch._whole(spec, watch, backend, kernel), strict=True):
            np.testing.assert_array_equal(got, expected)


TYPED = [
    "sin(x)*cos(y) + tan(x/4) + asin(x/9) + acos(y/9) + atan(x) + sinh(x) + cosh(y) + tanh(x*y)",
    "exp(-y^2) + log(x^2 + 1) + sqrt(y^2 + 1) + sign(x)*y + erf(x) + x^2.5 + 2^x + y^7",
    "abs(x) + log10(y^2 + 1) + softplus(x) + relu(y) + atan2(y, x + 3) + max(x, y, x*y) + min(x, 2)",
    "3", "x",
]  # fmt: skip


@pytest.mark.parametrize("text", TYPED)
def test_typed_functions(text, compiler):
    spec = sweep.check(
        ov.surface(text), ov.optimizer("sgd"), {"lr": [1e-3, 0.01], "x": [0.3, 0.7], "y": [0.4]}, steps=30
    )
    held(spec, with_kernel(spec, compiler))


def test_the_letters_of_a_typed_function_are_numbers(compiler):
    for a in (1.0, 3.0):
        surface = ov.surface("a*x^b + y^2", a=a, b=2.0)
        spec = sweep.check(surface, ov.optimizer("adam"), {"lr": [0.01, 0.1], "x": [0.3, 0.7]}, steps=30)
        held(spec, with_kernel(spec, compiler))


@pytest.mark.parametrize("steps", [1, 2, 3, 25])
def test_short_runs_launches_of_any_length_and_only_the_end_watched(steps, compiler, monkeypatch):
    spec = sweep.check("rosenbrock", ov.optimizer("nesterov"), {"lr": np.geomspace(1e-5, 1e-2, 37)}, steps=steps)
    backend = with_kernel(spec, compiler)
    for watch in (True, False):
        whole = held(spec, backend, watch)
        source = source_of(spec, watch)
        for most in (1, 4):
            parts = batch._whole(spec, watch, backend, cuda.Kernel(source, compiler(source.text), most))
            assert apart(whole, parts).max() == 0.0


def test_tensors_give_a_kernel_the_same(compiler):
    optimizer = ov.optimizer("adam", clip_norm=2.0, schedule=ov.schedule("cosine"), lr_scale=(1.0, 0.5))
    axes = {"lr": [0.01, 0.1], "beta2": [0.9, 0.99]}
    for size in (None, 4):
        spec = sweep.check("logistic_regression", optimizer, axes, None, 50, 0.1, size, seeds=2)
        held(spec, with_kernel(spec, compiler, lambda spec: backends.torch_backend(spec, "cpu")))


def test_every_operation_is_numpys(compiler):
    a, b = np.array([*itertools.product(SPECIAL, SPECIAL)]).T.copy()
    lines, calls = [], {}
    for j, name in enumerate(OPERATIONS):
        function = function_called(name)
        calls[name] = function, (a, b)[: getattr(function, "nin", 1)]
        inputs = dict(zip("ab", calls[name][1], strict=False))
        of_c, (result,) = lines_of(trace(lambda *given, f=function: (f(*given),), inputs), {"a": "a", "b": "b"})
        lines += ["{", *of_c, f"out[{j} * n + i] = {result};", "}"]
    head = "(int n, const double* one, const double* other, double* out)"
    body = "const int i = blockIdx.x * blockDim.x + threadIdx.x; if (i >= n) return;"
    text = "\n".join(
        [
            HELPERS,
            f'extern "C" __global__ void steps{head} {{ {body}',
            "const double a = one[i], b = other[i];",
            *lines,
            "}",
        ]
    )
    put = torch_functions.put("cuda" if compiler is cuda.compiled else "cpu")
    arrays = [put(array) for array in (a, b, np.empty((len(OPERATIONS), len(a))))]
    compiler(text)(len(a), [len(a), *arrays])
    for got, (name, (function, operands)) in zip(arrays[-1].cpu().numpy(), calls.items(), strict=True):
        with np.errstate(all="ignore"):
            expected = np.asarray(function(*operands), float)
        np.testing.assert_allclose(got, expected, rtol=1e-14, err_msg=name)
        known = ~np.isnan(expected) & (expected == 0.0)
        np.testing.assert_array_equal(np.signbit(got)[known], np.signbit(expected)[known], err_msg=name)


#: Words that stand in a source beside those that are numbered and the table's; numbers are none.
WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
KNOWN = """
    const double bool int long if else for return void extern C __restrict__ __global__ blockIdx blockDim threadIdx
    steps theta low high alive waiting waited target numbers columns noise seed seeds rates lane width stride drawn goal
    live waits steps_waited loss tail count first i k t n x y gx gy
"""


def test_no_text_of_anybody_reaches_a_source():
    words = set()
    for text in (*TYPED, "a*x^b + y^2"):
        for kind in ("sgd", "adam", "rprop"):
            surface = ov.surface(text) if "a*" not in text else ov.surface(text, a=2.0, b=3.0)
            spec = sweep.check(
                surface, ov.optimizer(kind, clip_norm=1.0), {"lr": [0.1], "x": [1.0]}, noise=0.1, seeds=2
            )
            words |= set(WORD.findall(source_of(spec, True).text.split("{", 1)[1]))
    own = re.compile(r"(v|r|n|h|state|given)\d+|s\d+[xy]|(low|high|lr)_[xy]|INFINITE|LOG2")
    functions = {word for template in OPERATIONS.values() for word in WORD.findall(template)} | set(
        WORD.findall(HELPERS)
    )
    assert {word for word in words if not own.fullmatch(word)} <= functions | set(KNOWN.split())


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(text=texts())
def test_random_functions_have_a_source(text):
    try:
        parse(text)
    except ExpressionError:
        return
    surface = dataclasses.replace(SURFACES["quadratic"], expression=text)
    spec = sweep.check("quadratic", ov.optimizer("sgd"), {"lr": [0.1]})
    assert source_of(dataclasses.replace(spec, surface=surface), True) is not None


def test_what_a_table_has_not_makes_no_kernel(monkeypatch):
    spec = sweep.check("mccormick", ov.optimizer("sgd"), {"lr": [0.1]})
    assert source_of(spec, True) is not None
    monkeypatch.delitem(OPERATIONS, "sin")
    assert source_of(spec, True) is None


def changed(old, new):
    """A compiler that is wrong: one thing in the source is another."""

    def wrong(text):
        assert old in text
        return compiled(text.replace(old, new))

    return wrong


WRONG = {
    "a rule's sign": ("x - v", "x + v"),
    "a last bit or two of every step": ("x = r2;", "x = r2 * (1.0 + 0x1p-36);"),
    "the first step's number": ("const int t = first + k;", "const int t = k;"),
    "steps that are waited": ("waits ? 1.0 : 0.0", "waits ? 2.0 : 0.0"),
    "the box of the end": ("low_y = minimum(low_y, y);", ""),
    "what is handed to the next launch": ("state0[n + i] = s0y;", ""),
    "which run is which": ("given0[i]", "given0[0]"),
    "noise": ("noise[drawn + seeds]", "noise[drawn]"),
    "rates": ("(long long)k * stride", "0LL * k * stride"),
    "all": ("theta[i] = x;", "theta[i] = INFINITE - INFINITE;"),
}


def told(caplog):
    return [record.getMessage() for record in caplog.records if "GPU" in record.getMessage()]


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("tensors", [False, True])
def test_a_wrong_kernel_is_not_used_and_the_log_says_so(what, tensors, compiler, caplog):
    optimizer = ov.optimizer("momentum", schedule=ov.schedule("cosine"))
    axes = {"lr": np.geomspace(1e-4, 1e-2, 9), "momentum": np.linspace(0.0, 0.9, 8)}
    spec = sweep.check("himmelblau", optimizer, axes, steps=100, noise=0.1, seeds=2)
    backend = backends.torch_backend(spec, "cpu") if tensors else backends.numpy_backend(spec)
    wrong = dataclasses.replace(backend, compiler=changed(*WRONG[what]))
    with caplog.at_level(logging.WARNING, "optim_viz"):
        got = ends(spec, wrong)
    assert told(caplog) == ["The GPU goes step by step, without its kernel: its results are not NumPy's."]
    assert caplog.records[0].fields["optimizer"] == "momentum" and float(caplog.records[0].fields["difference"]) > CLOSE
    for array, expected in zip(got, ends(spec, backend), strict=True):
        np.testing.assert_array_equal(array, expected)
    caplog.clear()
    ends(spec, wrong)
    assert told(caplog) == []  # it is known by now, and said once
    right = with_kernel(spec, compiler, lambda _: backend)
    assert batch.kernel_of(spec, right) is not None


def test_a_kernel_that_cannot_be_compiled_or_run_is_not_used(caplog):
    spec = sweep.check("himmelblau", ov.optimizer("sgd"), {"lr": [1e-3, 1e-2]}, steps=20)
    no_gpu = dataclasses.replace(
        backends.torch_backend(spec, "cpu"), compiler=cuda.compiled
    )  # nor are these its tensors
    with caplog.at_level(logging.WARNING, "optim_viz"):
        got = ends(spec, no_gpu)
    assert told(caplog) == ["The GPU goes step by step, without its kernel: it could not be compiled or run."]
    assert caplog.records[0].exc_info
    np.testing.assert_allclose(got[0], ends(spec, backends.numpy_backend(spec))[0], rtol=1e-9)


def test_a_sample_that_tells_nothing_is_no_reason_to_trust(compiler, caplog, monkeypatch):
    monkeypatch.setattr(cuda_check, "_KNOWN", {})
    spec = sweep.check("rosenbrock", ov.optimizer("sgd"), {"lr": [1e3, 1e4], "x": [1.0]}, steps=20)
    spec = dataclasses.replace(spec, axes=(spec.axes[0], ("x", (1e200,))))
    with caplog.at_level(logging.WARNING, "optim_viz"):
        ends(spec, with_kernel(spec, compiler))
    assert told(caplog) == ["The GPU goes step by step, without its kernel: no sample tells whether it is right."]
    tame = dataclasses.replace(spec, axes=(("lr", (1e-4, 1e-3)), ("x", (1.0,))))  # of which the next one does
    held(tame, with_kernel(tame, compiler))


def test_a_kernel_is_tried_once_for_all_values_of_the_hyperparameters(compiler):
    tried = []

    def counting(text):
        tried.append(text)
        return compiler(text)

    for beta in (0.9, 0.8):
        spec = sweep.check(
            "rosenbrock", ov.optimizer("adam", beta1=beta), {"lr": [1e-3, 1e-2]}, steps=40 if beta else 50
        )
        held(spec, dataclasses.replace(with_kernel(spec, compiler), compiler=counting))
    assert len(tried) == 1


def test_what_is_known_of_kernels_does_not_grow_for_ever(compiler, monkeypatch):
    monkeypatch.setattr(cuda_check, "_KNOWN", {})
    monkeypatch.setattr(cuda_check, "_MOST_KNOWN", 2)
    for name in ("quadratic", "booth", "matyas"):
        spec = sweep.check(name, ov.optimizer("sgd"), {"lr": [1e-3, 1e-2]}, steps=5)
        ends(spec, with_kernel(spec, compiler))
    assert len(cuda_check._KNOWN) == 2


def test_cancel_between_launches_and_progress(compiler):
    spec = sweep.check("rosenbrock", ov.optimizer("adam"), {"lr": np.geomspace(1e-4, 0.1, 50)}, steps=10_000)
    backend, cancel, seen = with_kernel(spec, compiler), threading.Event(), []
    done = sweep.run(spec, progress=seen.append, backend=backend)
    assert seen == sorted(seen) and seen[-1] == 1.0 and done.done.all()
    cancel.set()
    assert not sweep.run(spec, cancel=cancel, backend=backend).done.any()


def test_an_array_of_another_kind_is_refused_before_it_is_read(compiler):
    spec = sweep.check("quadratic", ov.optimizer("momentum"), {"momentum": [0.5, 0.9]}, steps=5)
    source = source_of(spec, True)
    kernel = cuda.Kernel(source, compiler(source.text))
    work = batch._Work(spec, True, backends.numpy_backend(spec), (0, 2), kernel)
    work.axes["momentum"] = work.axes["momentum"].astype(np.float32)
    with pytest.raises(TypeError, match="given0: float64"):
        work.block(0, 2, lambda: False)


def test_every_surface_has_its_kernel():
    for name in SURFACES:
        assert source_of(sweep.check(name, ov.optimizer("adam"), {"lr": [0.1]}), True) is not None
