"""The PREDICTIONS table: what a reader may guess before a lesson's picture plays. The right answer is measured.

Which answer is right is written nowhere: it is the one whose number is the lowest (or the highest) of all.
"""

from __future__ import annotations

from dataclasses import dataclass

from optim_viz.language import N_, together
from optim_viz.lessons import measures as m
from optim_viz.lessons.lesson import Measure, Results


@dataclass(frozen=True)
class Prediction:
    """A question with its answers: words and the number that stands for them. `what` says what the numbers are."""

    question: str
    what: str
    answers: tuple[tuple[str, Measure], ...]
    highest: bool = False

    def measure(self, results: Results) -> tuple[int, str]:
        """Return which answer is right, and the numbers in a sentence."""
        numbers = [measure(results) for _, measure in self.answers]
        right = numbers.index(max(numbers) if self.highest else min(numbers))
        told = (
            N_("{number:.4g} ({words})", number=number, words=N_(words))
            for (words, _), number in zip(self.answers, numbers, strict=True)
        )
        return right, N_("{what}: {numbers}.", what=N_(self.what), numbers=together(told, "{before}, {after}"))


def reply(prediction: Prediction, right: int, chosen: int) -> str:
    """Return what a reader is told who chose an answer.

    >>> one = Prediction("Which?", "Steps", (("this", lambda results: 1.0), ("that", lambda results: 2.0)))
    >>> reply(one, one.measure({})[0], 1), one.measure({})[1]
    ('No: this.', 'Steps: 1 (this), 2 (that).')
    """
    words = N_(prediction.answers[right][0])
    return N_("Yes: {answer}.", answer=words) if chosen == right else N_("No: {answer}.", answer=words)


PREDICTIONS = {
    "gradient-step": Prediction(
        "The parabola is steep at the start and flat at the bottom. Which step is the longest?",
        "Its length",
        (
            (N_("the first step"), m.median("parabola", "sgd", m.step_length(0))),
            (N_("the fifth step"), m.median("parabola", "sgd", m.step_length(0, 5))),
            (N_("the last step"), m.median("parabola", "sgd", m.step_length(0, -1))),
        ),
        highest=True,
    ),
    "mini-batches": Prediction(
        "All runs read 240 examples. Which ends nearest to the minimum?",
        "Loss at the end",
        (
            (N_("one example a step"), m.median("one", "sgd", m.final_loss)),
            (N_("four examples a step"), m.median("four", "sgd", m.final_loss)),
            (N_("all 24 a step"), m.median("all", "sgd", m.final_loss)),
        ),
    ),
    "learning-rate": Prediction(
        "Which learning rate has the lowest loss in the bowl after 200 steps?",
        "Loss",
        tuple((f"{lr:g}", m.median("bowl", f"lr {lr:g}", m.final_loss)) for lr in (0.002, 0.196, 0.204)),
    ),
    "local-minima": Prediction(
        "Both start high up on the left. Which ends lower?",
        "Loss at the end",
        (
            (N_("plain descent"), m.median("high", "sgd", m.final_loss)),
            (N_("momentum"), m.median("high", "momentum", m.final_loss)),
        ),
    ),
    "momentum": Prediction(
        "In the ravine at a small learning rate, which arrives first?",
        "Steps until the loss stays below a millionth",
        (
            (N_("plain descent"), m.median("ravine", "sgd", m.steps_to(1e-6))),
            (N_("momentum"), m.median("ravine", "momentum", m.steps_to(1e-6))),
        ),
    ),
    "plateau": Prediction(
        "Both start on the left and come to flat ground. Which is farther to the right at the end?",
        "x at the end",
        (
            (N_("plain descent"), m.median("plain", "sgd", m.coordinate(0))),
            (N_("momentum"), m.median("plain", "momentum", m.coordinate(0))),
        ),
        highest=True,
    ),
    "adam-step": Prediction(
        "The loss is multiplied by 1,000. Whose first step grows more?",
        "Times as long",
        tuple(
            (words, m.ratio(m.median("times_1000", kind, m.step_length(0)), m.median("plain", kind, m.step_length(0))))
            for words, kind in ((N_("plain descent's"), "sgd"), (N_("Adam's"), "adam"))
        ),
        highest=True,
    ),
    "bias-correction": Prediction(
        "Whose first step is longer: Adam's with its bias correction, or without?",
        "Length of the first step along x",
        (
            (N_("with"), m.median("bowl", "adam", m.step_length(0))),
            (N_("without"), m.median("bowl", "adam, uncorrected", m.step_length(0))),
        ),
        highest=True,
    ),
    "adagrad-rmsprop": Prediction(
        "The valley begins with a steep wall. Which is lower after 600 steps?",
        "Loss",
        (
            ("Adagrad", m.median("valley", "adagrad", m.final_loss)),
            ("RMSprop", m.median("valley", "rmsprop", m.final_loss)),
        ),
    ),
    "adam-faster": Prediction(
        "SGD's default learning rate is as large as Adam's, 0.001. Which reads the most digits after two epochs?",
        "Accuracy in percent",
        tuple(
            (words, m.median("defaults", kind, m.accuracy))
            for words, kind in (("SGD", "sgd"), (N_("momentum"), "momentum"), ("Adam", "adam"))
        ),
        highest=True,
    ),
    "weight-decay": Prediction(
        "The decay becomes ten times as strong. Whose path changes more?",
        "Farthest distance between the two paths",
        (
            (N_("Adam's"), m.apart("in_gradient", "adam 0.01", "adam 0.1")),
            (N_("AdamW's"), m.apart("decoupled", "adamw 0.01", "adamw 0.1")),
        ),
        highest=True,
    ),
    "param-groups": Prediction(
        "One learning rate for both weights, or a smaller one for y. Which arrives first?",
        "Steps until the loss stays below a millionth",
        (
            (N_("one rate"), m.median("bowl", "one rate", m.steps_to(1e-6))),
            (N_("a smaller rate for y"), m.median("bowl", "slow y", m.steps_to(1e-6))),
        ),
    ),
    "schedules": Prediction(
        "With noisy gradients, which is the lowest over the last 100 steps?",
        "Mean loss",
        tuple(
            (words, m.median("noise", label, m.tail_loss(100)))
            for words, label in (
                (N_("a fixed rate"), "fixed"),
                (N_("a drop at step 200"), "drop"),
                (N_("a cosine"), "cosine"),
            )
        ),
    ),
    "zero-grad": Prediction(
        "Which is lower over the last 200 steps: with zero_grad, or with zero_grad forgotten?",
        "Mean loss",
        (
            (N_("with zero_grad"), m.median("bowl", "sgd", m.tail_loss(200))),
            (N_("forgotten"), m.median("bowl", "zero_grad forgotten", m.tail_loss(200))),
        ),
    ),
    "clipping": Prediction(
        "Plain descent comes to a cliff. Which ends lower: as it is, with its gradients clipped, or at a tenth of its "
        "learning rate?",
        "Loss at the end",
        (
            (N_("as it is"), m.median("cliff", "sgd", m.final_loss)),
            (N_("clipped"), m.median("cliff", "clipped", m.final_loss)),
            (N_("a tenth of the rate"), m.median("cliff", "a tenth of the rate", m.final_loss)),
        ),
    ),
    "final-relu": Prediction(
        "With a ReLU after the last layer, how many of ten outputs die: more at the learning rate 0.001, or at 0.01?",
        "Dead outputs",
        (
            ("0.001", m.median("clipped", "adam 0.001", m.dead)),
            ("0.01", m.median("clipped", "adam 0.01", m.dead)),
        ),
        highest=True,
    ),
    "pictures": Prediction(
        "Which fills more of its best plane: the paths of training, or random walks that learn nothing?",
        "Percent of the spread",
        ((N_("the paths"), m.held("principal")), (N_("random walks"), m.held_of_walk("principal"))),
        highest=True,
    ),
    "sign-steps": Prediction(
        "The bowl is steep at the start and flat at the bottom. Whose last step is as long as the first?",
        "The last step along x, in units of the first",
        tuple(
            (words, m.ratio(m.median("bowl", label, m.step_length(0, -1)), m.median("bowl", label, m.step_length(0))))
            for words, label in ((N_("plain descent's"), "sgd"), (N_("Adam's"), "adam"), (N_("Lion's"), "lion"))
        ),
        highest=True,
    ),
    "orthogonal-steps": Prediction(
        "Each runs at its best learning rate for 100 steps. Which has the lowest loss on the large matrix?",
        "Loss at the end",
        tuple(
            (words, m.median("uneven", kind, m.final_loss))
            for words, kind in ((N_("momentum"), "momentum"), ("AdamW", "adamw"), ("Muon", "muon"))
        ),
    ),
}
