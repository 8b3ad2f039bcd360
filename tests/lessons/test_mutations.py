"""Every lesson's check fails for a wrong optimizer, and by the inequality that is about what is wrong with it."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.lessons import results, table
from optim_viz.lessons.altered_optimizers import own, uncorrected_adam
from optim_viz.lessons.lesson import COMPARE
from optim_viz.lessons.predictions import PREDICTIONS, reply
from optim_viz.surfaces import descent


@dataclass(frozen=True)
class Wrong:
    """A lesson's run under a fault: another optimizer's, or a stored one's (its experiment and label), takes its place.

    `caught` are the numbers in whose inequalities it must show; `changes` are the experiment's own.
    """

    lesson: str
    fault: str
    place: tuple[str, str]
    by: Any
    caught: tuple[str, ...]
    changes: dict[str, Any] = field(default_factory=dict)


def sgd(lr, **more):
    return ov.optimizer("sgd", lr=lr, **more)


def momentum(lr, share, **more):
    return ov.optimizer("momentum", lr=lr, momentum=share, **more)


def adam(lr, **more):
    return ov.optimizer("adam", lr=lr, **more)


UNCORRECTED = "adam, uncorrected"
FORGOTTEN = "zero_grad forgotten"
WRONG = (
    Wrong("gradient-step", "the sign", ("parabola", "sgd"), sgd(0.2, maximize=True), ("off", "down", "last")),
    Wrong("gradient-step", "momentum is added", ("parabola", "sgd"), momentum(0.2, 0.9), ("off", "shorter")),
    Wrong("gradient-step", "step regardless of slope", ("dip", "sgd"), adam(0.3), ("dip_off", "dip_longest")),
    Wrong("gradient-step", "half the rate", ("too_far", "lr 1.05"), sgd(0.525), ("above_up", "ended", "edge")),
    Wrong("mini-batches", "the sign", ("one", "sgd"), sgd(0.05, maximize=True), ("one",)),
    Wrong("mini-batches", "no cheaper steps", ("one", "sgd"), ("all", "sgd"), ("one", "one_uphill")),
    Wrong("mini-batches", "all examples", ("one", "sgd"), sgd(0.05), ("one_uphill",), {"batch_size": None}),
    Wrong("mini-batches", "no noise", ("long_one", "sgd"), sgd(0.05), ("long_one", "floor"), {"batch_size": None}),
    Wrong("learning-rate", "bounded steps", ("bowl", "lr 0.204"), adam(0.204), ("leaves", "above_longer")),
    Wrong("learning-rate", "momentum is added", ("bowl", "lr 0.002"), momentum(0.002, 0.9), ("crawls",)),
    Wrong("learning-rate", "the sign", ("line", "lr 0.331"), sgd(0.331, maximize=True), ("line_excess",)),
    Wrong("learning-rate", "the sign", ("valley", "sgd"), sgd(0.0018, maximize=True), ("valley_last",)),
    Wrong("local-minima", "no momentum", ("high", "momentum"), sgd(0.005), ("momentum_x", "momentum_above")),
    Wrong("local-minima", "momentum is added", ("high", "sgd"), momentum(0.005, 0.9), ("sgd_x", "sgd_up")),
    Wrong("local-minima", "too long steps", ("high", "sgd"), sgd(0.02), ("sgd_x",)),
    Wrong("local-minima", "no momentum", ("other_side", "momentum"), sgd(0.005), ("right_momentum_x",)),
    Wrong("momentum", "no momentum", ("slope", "momentum"), sgd(0.01), ("speed",)),
    Wrong("momentum", "a mean, no sum", ("slope", "momentum"), momentum(0.01, 0.9, dampening=0.9), ("speed",)),
    Wrong("momentum", "no momentum", ("ravine", "momentum"), sgd(0.02), ("fast",)),
    Wrong("momentum", "no momentum", ("zigzag", "momentum"), sgd(0.19), ("calm",)),
    Wrong("momentum", "less momentum", ("rings", "momentum"), momentum(0.02, 0.5), ("ring_turns", "ring_end")),
    Wrong("plateau", "no momentum", ("plain", "momentum"), sgd(0.05), ("across", "hole")),
    Wrong("plateau", "momentum is added", ("plain", "sgd"), momentum(0.05, 0.9), ("stands",)),
    Wrong("plateau", "no noise", ("noise", "sgd"), sgd(0.05), ("off",), {"noise": 0.0}),
    Wrong("plateau", "noise", ("ridge", "momentum"), momentum(0.05, 0.9), ("ridge_off",), {"noise": 0.01}),
    Wrong("adam-step", "no bias correction", ("plain", "adam"), own("adam", uncorrected_adam, lr=0.05), ("longest",)),
    Wrong("adam-step", "not divided", ("plain", "adam"), sgd(0.05), ("longest", "adam_gap")),
    Wrong("adam-step", "the rate never falls", ("noise", "adam, falling"), adam(0.1), ("falling",)),
    Wrong("adam-step", "no eps", ("tiny", "adam"), adam(0.05, eps=1e-15), ("tiny_step",)),
    Wrong("bias-correction", "corrected", ("bowl", UNCORRECTED), adam(0.1), ("first", "overshoot")),
    Wrong("bias-correction", "uncorrected", ("slope", "adam"), ("slope", UNCORRECTED), ("least", "longest_step")),
    Wrong("bias-correction", "slower means", ("late", UNCORRECTED),
          own(UNCORRECTED, uncorrected_adam, lr=0.001, beta2=0.9999), ("last",)),
    Wrong("adagrad-rmsprop", "it forgets", ("slope", "adagrad"), ("slope", "rmsprop"), ("adagrad", "slope_grows")),
    Wrong("adagrad-rmsprop", "it never forgets", ("valley", "rmsprop"), ("valley", "adagrad"), ("forgets",)),
    Wrong("adagrad-rmsprop", "it forgets", ("settles", "adagrad"), ("settles", "rmsprop"), ("adagrad_rest",)),
    Wrong("adam-faster", "no Adam", ("defaults", "adam"), ("defaults", "sgd"), ("ahead",)),
    Wrong("adam-faster", "no search", ("tuned", "sgd"), ("defaults", "sgd"), ("lead", "sgd_lr")),
    Wrong("weight-decay", "ignored", ("decoupled", "adamw 0.1"),
          ov.optimizer("adamw", lr=0.01, weight_decay=0.0), ("off_strong",)),
    Wrong("weight-decay", "in the gradient", ("decoupled", "adamw 0.1"), ("in_gradient", "adam 0.1"), ("off_strong",)),
    Wrong("weight-decay", "decoupled", ("in_gradient", "adam 0.1"), ("decoupled", "adamw 0.1"), ("adam_strong",)),
    Wrong("weight-decay", "ignored", ("sgd", "sgd 0.1"), sgd(0.01), ("y_gap",)),
    Wrong("param-groups", "factors ignored", ("bowl", "slow y"), sgd(0.9), ("own", "bend")),
    Wrong("param-groups", "factors ignored", ("bowl", "frozen y"), sgd(0.18), ("frozen",)),
    Wrong("param-groups", "nothing frozen", ("layers", "first frozen"), ("layers", "all layers"), ("first",)),
    Wrong("param-groups", "factors ignored", ("aslant", "slow y"), sgd(0.1), ("aslant_own",)),
    Wrong("schedules", "no drop", ("noise", "drop"), sgd(0.1), ("drop",)),
    Wrong("schedules", "no warm-up", ("cliff", "warm-up"), ("cliff", "cosine"), ("warm",)),
    Wrong("schedules", "no early drop", ("early", "early drops"), sgd(0.1), ("early_end",)),
    Wrong("zero-grad", "not forgotten", ("bowl", FORGOTTEN), sgd(0.01), ("gap", "still")),
    Wrong("zero-grad", "friction", ("bowl", FORGOTTEN), momentum(0.01, 0.9), ("gap", "still")),
    Wrong("zero-grad", "a step for each pass", ("summed", "four passes, one step"), sgd(0.2), ("sum_gap",)),
    Wrong("clipping", "never clipped", ("cliff", "clipped"), ("cliff", "sgd"), ("longest", "off_cut", "clipped_end")),
    Wrong("clipping", "by value", ("cliff", "clipped"), sgd(0.3, clip_value=1.0), ("off_cut",)),
    Wrong("clipping", "a longer bound", ("cliff", "clipped"), sgd(0.3, clip_norm=3.0), ("longest", "off_cut")),
    Wrong("clipping", "always cut", ("cliff", "sgd"), ("cliff", "clipped"), ("steepest", "thrown", "sgd_end")),
    Wrong("clipping", "cut where it is short", ("above", "clipped"), sgd(0.3, clip_norm=0.1), ("gap",)),
    Wrong("clipping", "never clipped", ("noise", "clipped"), sgd(0.3), ("noisy_kept",)),
    Wrong("clipping", "no noise", ("noise", "sgd"), sgd(0.2), ("noisy_thrown",), {"noise": 0.0}),
    Wrong("clipping", "not divided", ("adam", "adam, at most 0.01"), sgd(0.05, clip_norm=0.01), ("tiny_longest",)),
    Wrong("clipping", "not cut", ("adam", "adam, at most 0.01"), adam(0.05), ("tiny_steepest",)),
    Wrong("clipping", "never clipped", ("adam", "adam, at most 1"), adam(0.05), ("one_steps", "one_size")),
    Wrong("clipping", "it forgets", ("adam", "adam"), adam(0.05, beta2=0.5), ("one_size",)),
    Wrong("clipping", "uncorrected", ("adam", "adam"), own("adam", uncorrected_adam, lr=0.05), ("adam_longest",)),
    Wrong("final-relu", "no last ReLU", ("clipped", "adam 0.01"), ("free", "adam 0.01"), ("dead_fast", "stuck")),
    Wrong("final-relu", "every run loses some", ("sgd_clipped", "sgd 0.1"), ("clipped", "adam 0.01"), ("alive",)),
    Wrong("pictures", "a plane of one run", ("principal", ""), ("slow", ""), ("factor",)),
    Wrong("pictures", "a plane of three runs", ("slow", ""), ("principal", ""), ("slow_factor",)),
    Wrong("sign-steps", "no sign", ("bowl", "lion"), momentum(0.08, 0.9), ("shortest", "longest")),
    Wrong("sign-steps", "divided by its size", ("bowl", "lion"), adam(0.08), ("shortest",)),
    Wrong("sign-steps", "a fixed rate", ("falling", "lion, falling"), ("falling", "lion"), ("falling",)),
    Wrong("sign-steps", "a fixed rate", ("too_soon", "lion, too soon"), ("falling", "lion"), ("gone",)),
    Wrong("orthogonal-steps", "nothing evened out", ("uneven", "muon"), ("uneven", "momentum"), ("muon", "muon_left")),
    Wrong("orthogonal-steps", "weight by weight", ("uneven", "muon"), ("uneven", "adamw"), ("muon", "muon_left")),
    Wrong("orthogonal-steps", "a fixed rate", ("uneven", "muon"), ("fixed", "fixed"), ("muon",)),
    Wrong("orthogonal-steps", "it falls", ("fixed", "fixed"), ("fixed", "falling"), ("fixed",)),
    Wrong("orthogonal-steps", "no lead", ("even", "momentum"), ("even", "muon"), ("even_muon",)),
    Wrong("orthogonal-steps", "uneven", ("two_weights", "momentum"), ("uneven", "momentum"), ("two_lead",)),
)  # fmt: skip


@dataclass(frozen=True)
class Mutated:
    """A result with the runs of one label, or the plane, of another."""

    result: Any
    label: str
    wrong: Any

    def runs(self, label):
        return self.wrong if label == self.label else self.result.runs(label)

    @property
    def plane(self):
        return self.result.plane if self.label else self.wrong

    def __getattr__(self, name):
        return getattr(self.result, name)


def mutated(found, wrong):
    """The results with a fault in one of them."""
    name, label = wrong.place
    if isinstance(wrong.by, tuple):
        other, its = wrong.by
        runs = found[other].runs(its) if label else found[other].plane
    else:
        experiment = found[name].experiment
        spec = replace(experiment.spec, optimizers=(replace(wrong.by, label=label),), **wrong.changes)
        seeds = [replace(spec, seed=spec.seed + seed) for seed in range(experiment.seeds)]
        runs = tuple(descent.run(one).trajectories[0] for one in seeds)
        if wrong.by.kind == "own":  # of a factory's options nothing is known
            runs = tuple(
                replace(run, spec=right.spec) for run, right in zip(runs, found[name].runs(label), strict=True)
            )
    return found | {name: Mutated(found[name], label, runs)}


def failing(finding, found):
    """The numbers at the left of the inequalities that do not hold."""
    numbers = finding.measure(found)[2]
    return {
        left for left, sign, right in finding.holds if not COMPARE[sign](numbers[left], numbers.get(str(right), right))
    }


def test_the_answer_to_a_prediction_is_the_measured_one():
    """Nobody has written which answer is right: with two runs exchanged it is another."""
    assert set(PREDICTIONS) == set(table.LESSONS)
    for slug, asked in PREDICTIONS.items():
        found = results.results(table.lesson(slug))
        numbers = [measure(found) for _, measure in asked.answers]
        assert np.isfinite(numbers).all() and len(set(numbers)) == len(numbers) >= 2, slug
        right, told = asked.measure(found)
        assert numbers[right] == (max if asked.highest else min)(numbers)
        assert [reply(asked, right, i)[:2] == "Ye" for i in range(len(numbers))].count(True) == 1
        assert asked.question.endswith("?") and all(f"({words})" in told for words, _ in asked.answers)
    found = results.results(table.lesson("momentum"))
    runs = found["ravine"].runs
    turned = Mutated(Mutated(found["ravine"], "sgd", runs("momentum")), "momentum", runs("sgd"))
    asked = PREDICTIONS["momentum"]
    assert asked.measure(found | {"ravine": turned})[0] != asked.measure(found)[0]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.lesson} {wrong.place[0]}: {wrong.fault}")
def test_a_wrong_optimizer_is_not_judged_right(wrong):
    row = table.lesson(wrong.lesson)
    found = results.results(row)
    of_claim = any(experiment.name == wrong.place[0] for experiment in row.experiments)
    finding = row.finding if of_claim else row.limit.finding
    assert failing(finding, found) == set()
    assert set(wrong.caught) <= failing(finding, mutated(found, wrong))


def test_every_claim_and_every_limit_has_a_mutation():
    places = {(wrong.lesson, wrong.place[0]) for wrong in WRONG}
    for slug, row in table.LESSONS.items():
        for experiments in (row.experiments, row.limit.experiments):
            assert any((slug, experiment.name) in places for experiment in experiments), slug
