"""The row of the LESSONS table on gradient clipping: a cliff, and what a step off it does."""

from __future__ import annotations

from optim_viz.lessons import clip_measures as clips
from optim_viz.lessons import measures as m
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check

_RATE, _NORM = 0.3, 1.0
_PLAIN, _CLIPPED = optimizer("sgd", lr=_RATE), optimizer("sgd", lr=_RATE, clip_norm=_NORM, label="clipped")
_SMALL = optimizer("sgd", lr=_RATE / 10, label="a tenth of the rate")
_ONE, _TINY = "adam, at most 1", "adam, at most 0.01"
_SGD_TINY = "sgd, at most 0.01"

CLIPPING = Lesson(
    slug="clipping",
    title="Off a cliff",
    claim=(
        "A cliff can throw plain descent far away; clipping the norm of its gradients keeps it, and changes nothing "
        "where they are short."
    ),
    text=(
        "This is the loss of one neuron that feeds on its own output, five times over. Slopes multiply on the way, so "
        "flat ground ends at a cliff. At its edge the gradient is huge, though it is true of one point only. Plain "
        "descent's step from there lands where all is flat, and no gradient leads back. A step must end just on the "
        "edge for that; with noise, one soon does. Clipping shortens a gradient that is longer than a bound to that "
        "bound; its direction stays, and shorter ones stay as they are."
    ),
    source=Source("Pascanu, Mikolov & Bengio", "On the Difficulty of Training Recurrent Neural Networks, ICML", 2013),
    experiments=(
        Experiment(
            "cliff",
            "Towards the cliff: as it is, clipped to a norm of 1, and at a tenth of the learning rate",
            check("cliff", [_PLAIN, _CLIPPED, _SMALL], steps=300),
        ),
        Experiment(
            "above",
            "The same two from a start above the cliff, where no gradient is long",
            check("cliff", [_PLAIN, _CLIPPED], (2.4, 1.2), 300),
        ),
        Experiment(
            "noise",
            "The same two with noisy gradients, once for each of 25 seeds (the first is drawn)",
            check("cliff", [_PLAIN, _CLIPPED], steps=300, noise=0.5),
            seeds=25,
        ),
    ),
    look="One path leaves the plane in a single step. The clipped one goes down the cliff and on to the minimum.",
    finding=Finding(
        "At step {edge:.0f} plain descent's gradient is {steepest:.0f} long, and was {first:.1f} at the start. That "
        "step is {thrown:.1f} along y, on a plane {height:g} high; afterwards the gradient is {flat:.1g}, and the loss "
        "stays {sgd_end:.2f}. Clipped, no step is longer than {longest:.2f} and the loss ends at {clipped_end:.1g}; "
        "at a tenth of the rate it is still {small_end:.2f}. From above, no gradient is longer than {gentle:.2f}, and "
        "the two paths differ by {gap:g}. With noise, {noisy_thrown:.0%} of {noise_seeds} runs are thrown farther than "
        "the plane is high; clipped, {noisy_kept:.0%}.",
        {
            "edge": m.median("cliff", "sgd", clips.step_at_steepest),
            "steepest": m.median("cliff", "sgd", clips.steepest),
            "first": m.median("cliff", "sgd", clips.first_norm),
            "fifty": m.times(m.median("cliff", "sgd", clips.first_norm), 50.0),
            "thrown": m.median("cliff", "sgd", clips.move_at_steepest(1)),
            "height": clips.height("cliff"),
            "flat": m.median("cliff", "sgd", clips.last_norm),
            "sgd_end": m.median("cliff", "sgd", m.final_loss),
            "longest": m.median("cliff", "clipped", clips.longest_move),
            "bound": m.times(m.rate("cliff", "clipped"), _NORM),
            "off_cut": clips.off_the_cut("cliff", "clipped", _NORM),
            "clipped_end": m.median("cliff", "clipped", m.final_loss),
            "small_end": m.median("cliff", "a tenth of the rate", m.final_loss),
            "gentle": m.median("above", "sgd", clips.steepest),
            "gap": m.apart("above", "sgd", "clipped"),
            "noisy_thrown": m.share("noise", "sgd", clips.beyond(1, 3.0)),
            "noisy_kept": m.share("noise", "clipped", clips.beyond(1, 3.0)),
            "noise_seeds": m.seeds("noise"),
        },
        (
            ("steepest", ">", "fifty"),
            ("thrown", ">", "height"),
            ("flat", "<", 1e-9),
            ("sgd_end", ">", 0.5),
            ("longest", "<=", "bound"),
            ("off_cut", "<", 1e-5),  # torch adds a millionth to the norm
            ("clipped_end", "<", 1e-6),
            ("small_end", ">", 0.05),
            ("gentle", "<", _NORM),
            ("gap", "==", 0.0),
            ("height", "==", 3.0),  # which is how far is meant below
            ("noisy_thrown", ">", 0.8),
            ("noisy_kept", "==", 0.0),
        ),
    ),
    limit=Limit(
        "Adam divides by the size of past gradients, which undoes clipping: with all of them cut to a norm of 0.01, "
        "its longest step is as long as before, where plain descent hardly moves. It needs no clipping to stay here. "
        "It arrives sooner with it all the same: Adam remembers a huge gradient, and divides by it for long.",
        (
            Experiment(
                "adam",
                "Adam on the cliff: as it is, with gradients of at most 1, and of at most 0.01",
                check(
                    "cliff",
                    [
                        optimizer("adam", lr=0.05),
                        optimizer("adam", lr=0.05, clip_norm=1.0, label=_ONE),
                        optimizer("adam", lr=0.05, clip_norm=0.01, label=_TINY),
                        optimizer("sgd", lr=_RATE, clip_norm=0.01, label=_SGD_TINY),
                    ],
                    steps=300,
                ),
            ),
        ),
        Finding(
            "Adam's longest step is {adam_longest:.3f}; with gradients of at most 0.01 it is {tiny_longest:.3f}, and "
            "plain descent's {sgd_longest:.3f}, which ends at a loss of {sgd_tiny_end:.1f}. To stay below a loss of a "
            "millionth Adam takes {adam_steps:.0f} steps, and {one_steps:.0f} with gradients of at most 1; at the end "
            "it divides along y by {adam_size:.2f}, and with those by {one_size:.2f}.",
            {
                "adam_longest": m.median("adam", "adam", m.largest_step),
                "most": m.times(m.rate("adam", "adam"), 1.2),
                "tiny_longest": m.median("adam", _TINY, m.largest_step),
                "least": m.times(m.median("adam", "adam", m.largest_step), 0.95),
                "tiny_steepest": m.median("adam", _TINY, clips.steepest),
                "sgd_longest": m.median("adam", _SGD_TINY, clips.longest_move),
                "sgd_tiny_end": m.median("adam", _SGD_TINY, m.final_loss),
                "adam_steps": m.median("adam", "adam", m.steps_to(1e-6)),
                "one_steps": m.median("adam", _ONE, m.steps_to(1e-6)),
                "sooner": m.times(m.median("adam", "adam", m.steps_to(1e-6)), 0.75),
                "adam_size": m.median("adam", "adam", clips.remembered(1)),
                "one_size": m.median("adam", _ONE, clips.remembered(1)),
                "a_third": m.times(m.median("adam", "adam", clips.remembered(1)), 1 / 3),
            },
            (
                ("adam_longest", "<", "most"),
                ("tiny_longest", ">", "least"),
                ("tiny_steepest", "<=", 0.01),
                ("sgd_longest", "<=", 0.003),
                ("sgd_tiny_end", ">", 1.0),
                ("adam_steps", "<", 300),
                ("one_steps", "<", "sooner"),
                ("one_size", "<", "a_third"),
            ),
        ),
    ),
    question="Without clipping and without noise: is the run thrown at a learning rate of 0.2, too?",
    answer=(
        "No: none of its steps ends on the edge, and it arrives. That is luck. With the noise of the third picture "
        "most runs at this rate are thrown."
    ),
    optimizers=("sgd", "adam"),
    between="torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
)
