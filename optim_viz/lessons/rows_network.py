"""Rows of the LESSONS table whose experiments are trainings: their results are stored, see optim_viz.lessons.store."""

from __future__ import annotations

from optim_viz.language import N_
from optim_viz.lessons import measures as m
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import NetworkSpec


def _search(kind: str, rates: tuple[float, ...]) -> Experiment:
    """One optimizer at several learning rates: where its best one is looked for."""
    optimizers = tuple(optimizer(kind, lr=lr, label=f"{kind} {lr:g}") for lr in rates)
    return Experiment(
        f"{kind}_search",
        N_("{kind} at {count} learning rates", kind=kind, count=len(rates)),
        NetworkSpec(optimizers, epochs=2, final_relu=False, seeds=3),
    )


_SEARCHES = (
    _search("sgd", (0.03, 0.1, 0.3, 1.0)),
    _search("momentum", (0.01, 0.03, 0.1, 0.3)),
    _search("adam", (3e-4, 1e-3, 3e-3, 1e-2)),
)

FASTER = Lesson(
    slug="adam-faster",
    title="“Adam converges faster”",
    claim="With PyTorch's default learning rates Adam is far ahead on the network.",
    text=(
        "This picture is often shown: three optimizers, one network, and Adam far ahead. Here it is again, on "
        "real handwritten digits. Each optimizer runs with the settings that PyTorch gives it if you say nothing. But "
        "a default is not a fair choice: a thousandth is a good learning rate for Adam and a far too small one for "
        "plain SGD. So each is then given the best of four rates, looked for in the same way. What remains of the "
        "lead?"
    ),
    source=Source("Choi et al.", "On Empirical Comparisons of Optimizers for Deep Learning, arXiv:1910.05446", 2019),
    experiments=(
        Experiment(
            "defaults",
            "PyTorch's default settings, two epochs",
            NetworkSpec(
                (optimizer("sgd"), optimizer("momentum"), optimizer("adam")), epochs=2, final_relu=False, seeds=5
            ),
        ),
        _SEARCHES[0],
    ),
    look="At its default, SGD has hardly begun after two epochs; the second picture is SGD too, at larger rates.",
    finding=Finding(
        "After two epochs at the defaults Adam reads {adam:.1f} % of the test digits, momentum {momentum:.1f} % and "
        "SGD {sgd:.1f} % (medians of {default_seeds} seeds). SGD at its best of four rates, {sgd_rate:g}, reads "
        "{sgd_best:.1f} % ({search_seeds} seeds).",
        {
            "adam": m.median("defaults", "adam", m.accuracy),
            "momentum": m.median("defaults", "momentum", m.accuracy),
            "sgd": m.median("defaults", "sgd", m.accuracy),
            "default_seeds": m.seeds("defaults"),
            "sgd_rate": m.best_rate("sgd_search"),
            "sgd_best": m.best("sgd_search"),
            "search_seeds": m.seeds("sgd_search"),
            "ahead": m.less(m.median("defaults", "adam", m.accuracy), m.median("defaults", "momentum", m.accuracy)),
            "gained": m.less(m.best("sgd_search"), m.median("defaults", "sgd", m.accuracy)),
        },
        (("ahead", ">", 20.0), ("momentum", ">", "sgd"), ("gained", ">", 50.0)),
    ),
    limit=Limit(
        "Each at its own best learning rate, on seeds that the search did not see, little of the lead over SGD "
        "remains, and momentum is about as good as Adam.",
        (
            Experiment(
                "tuned",
                "Each at its best of four learning rates, two epochs",
                NetworkSpec(
                    (optimizer("sgd", lr=0.3), optimizer("momentum", lr=0.1), optimizer("adam", lr=3e-3)),
                    epochs=2,
                    final_relu=False,
                    seed=10,
                    seeds=5,
                ),
            ),
        ),
        Finding(
            "Adam at {adam_lr:g} reads {tuned_adam:.1f} %, momentum at {momentum_lr:g} {tuned_momentum:.1f} %, SGD at "
            "{sgd_lr:g} {tuned_sgd:.1f} % (medians of {tuned_seeds} seeds): Adam's lead over SGD is {lead:.1f} points "
            "instead of {default_lead:.1f}.",
            {
                "tuned_adam": m.median("tuned", "adam", m.accuracy),
                "tuned_momentum": m.median("tuned", "momentum", m.accuracy),
                "tuned_sgd": m.median("tuned", "sgd", m.accuracy),
                "tuned_seeds": m.seeds("tuned"),
                "lead": m.less(m.median("tuned", "adam", m.accuracy), m.median("tuned", "sgd", m.accuracy)),
                "momentum_lead": m.less(
                    m.median("tuned", "momentum", m.accuracy), m.median("tuned", "adam", m.accuracy)
                ),
                "default_lead": m.less(
                    m.median("defaults", "adam", m.accuracy), m.median("defaults", "sgd", m.accuracy)
                ),
                "a_tenth": m.times(
                    m.less(m.median("defaults", "adam", m.accuracy), m.median("defaults", "sgd", m.accuracy)), 0.1
                ),
                "sgd_lr": m.rate("tuned", "sgd"),
                "momentum_lr": m.rate("tuned", "momentum"),
                "adam_lr": m.rate("tuned", "adam"),
                "sgd_found": m.best_rate("sgd_search"),
                "momentum_found": m.best_rate("momentum_search"),
                "adam_found": m.best_rate("adam_search"),
            },
            (
                ("lead", "<", "a_tenth"),
                ("momentum_lead", ">", -1.0),
                ("sgd_lr", "==", "sgd_found"),
                ("momentum_lr", "==", "momentum_found"),
                ("adam_lr", "==", "adam_found"),
            ),
        ),
    ),
    question="Adam needed no search to be good. Does that not count?",
    answer=(
        "It counts: its default works on many networks, and a search costs many runs. But this "
        "about choosing a rate, not about which optimizer is faster."
    ),
    optimizers=("sgd", "momentum", "adam"),
    behind=_SEARCHES[1:],
)


def _clipped(name: str, caption: str, relu: bool, *rates: tuple[str, float]) -> Experiment:
    optimizers = tuple(optimizer(kind, lr=lr, label=f"{kind} {lr:g}") for kind, lr in rates)
    return Experiment(name, caption, NetworkSpec(optimizers, epochs=1, final_relu=relu, seeds=10))


_RATES = (("adam", 1e-3), ("adam", 1e-2))

FINAL_RELU = Lesson(
    slug="final-relu",
    title="One ReLU too many",
    claim="A ReLU after the last layer kills outputs and costs accuracy; sometimes nothing is learned at all.",
    text=(
        "A ReLU passes what is positive and turns the rest to zero, and where it gives zero it passes no gradient "
        "back. Between layers that is useful. After the last layer it is a trap: an output that is negative for every "
        "digit stays at zero, gets no gradient and never comes back: it is dead. Its digit cannot be named any more. "
        "When all ten die, every digit looks alike, and the loss stays at the logarithm of ten."
    ),
    source=Source("Lu, Shin, Su & Karniadakis", "Dying ReLU and Initialization: Theory and Numerical Examples", 2020),
    experiments=(
        _clipped("clipped", "With a ReLU after the last layer", True, *_RATES),
        _clipped("free", "Without it", False, *_RATES),
    ),
    look="With the last ReLU the loss comes down to a level and stays there, far above the other picture's.",
    finding=Finding(
        "With the last ReLU, {dead:g} of ten outputs are dead at learning rate 0.001 and {dead_fast:g} at 0.01; "
        "accuracy is {clipped:.1f} % and {clipped_fast:.1f} %, without it {free:.1f} % and {free_fast:.1f} % (medians "
        "of {seeds} seeds). At 0.01, {stuck:.0%} of the runs end at a loss of 2.3026.",
        {
            "dead": m.median("clipped", "adam 0.001", m.dead),
            "dead_fast": m.median("clipped", "adam 0.01", m.dead),
            "clipped": m.median("clipped", "adam 0.001", m.accuracy),
            "clipped_fast": m.median("clipped", "adam 0.01", m.accuracy),
            "free": m.median("free", "adam 0.001", m.accuracy),
            "free_fast": m.median("free", "adam 0.01", m.accuracy),
            "cost": m.less(m.median("free", "adam 0.001", m.accuracy), m.median("clipped", "adam 0.001", m.accuracy)),
            "cost_fast": m.less(
                m.median("free", "adam 0.01", m.accuracy), m.median("clipped", "adam 0.01", m.accuracy)
            ),
            "stuck": m.share("clipped", "adam 0.01", m.stuck),
            "seeds": m.seeds("clipped"),
        },
        (
            ("dead", ">", 0.0),
            ("dead_fast", ">", 0.0),
            ("cost", ">", 10.0),
            ("cost_fast", ">", 10.0),
            ("stuck", ">", 0.0),
            ("stuck", "<", 1.0),
        ),
    ),
    limit=Limit(
        "Which outputs die depends on the random start: with plain SGD no output dies in some runs, and the best "
        "run comes close to the same one without the last ReLU.",
        (
            _clipped("sgd_clipped", "SGD, with a ReLU after the last layer", True, ("sgd", 0.1)),
            _clipped("sgd_free", "SGD, without it", False, ("sgd", 0.1)),
        ),
        Finding(
            "In {alive:.0%} of {sgd_seeds} SGD runs no output dies. The best of all runs reads {luckiest:.1f} % "
            "of the test digits, {loss:.1f} points less than the same seed without the last ReLU.",
            {
                "alive": m.share("sgd_clipped", "sgd 0.1", lambda run: m.dead(run) == 0),
                "sgd_seeds": m.seeds("sgd_clipped"),
                "luckiest": m.highest("sgd_clipped", "sgd 0.1", m.accuracy),
                "loss": m.loss_of_best("sgd_clipped", "sgd_free", "sgd 0.1"),
            },
            (("alive", ">", 0.0), ("alive", "<", 1.0), ("loss", "<", 3.0)),
        ),
    ),
    question="Why is it the number 2.3026?",
    answer=(
        "Ten equal outputs give each digit a tenth of the probability, and minus the logarithm of a tenth is 2.3026."
    ),
    optimizers=("adam", "sgd"),
)

_THREE = NetworkSpec(
    (optimizer("sgd", lr=0.1), optimizer("momentum", lr=0.03), optimizer("adam")), epochs=2, final_relu=False
)

PICTURES = Lesson(
    slug="pictures",
    title="What a picture cannot say",
    claim="A flat picture of a network's path is only a shadow of it: its colours and smooth curves can mislead.",
    text=(
        "The network has 297,710 weights; a picture has two directions. Here the plane is the one that keeps most of "
        "the paths' spread, found by principal components, PCA for short. But the runs pass beside the plane, so the "
        "colour under a path is not its loss. And PCA turns even a random walk, which learns nothing, into smooth "
        "curves that fill most of the plane. On a plane of random directions almost nothing of the paths is left."
    ),
    source=Source(
        "Antognini & Sohl-Dickstein",
        "PCA of High Dimensional Random Walks with Comparison to Neural Network Training, NeurIPS",
        2018,
    ),
    experiments=(
        Experiment("principal", "The plane that keeps most of the paths (PCA)", _THREE, plane="pca"),
        Experiment("random", "A plane of two random directions through the last weights", _THREE, plane="random"),
    ),
    look="Compare a path's own loss curve with the colours that it crosses.",
    finding=Finding(
        "The principal plane holds {held:.0f} % of the paths' spread; random walks would give {walk:.0f} %. Along the "
        "paths, the loss drawn and the run's own differ by a factor of up to {factor:.2f}. The random plane holds "
        "{random_held:.4f} %, and there the factor is {random_factor:.1f}. (One training, seed 0.)",
        {
            "held": m.held("principal"),
            "walk": m.held_of_walk("principal"),
            "factor": m.misdrawn("principal"),
            "random_held": m.held("random"),
            "random_factor": m.misdrawn("random"),
        },
        (
            ("factor", ">", 1.2),
            ("held", ">", "walk"),
            ("walk", ">", 50.0),
            ("random_held", "<", 0.01),
            ("random_factor", ">", "factor"),
        ),
    ),
    limit=Limit(
        "A short, slow run goes almost straight, and then the plane shows nearly all of it.",
        (
            Experiment(
                "slow",
                "SGD at a small learning rate for one epoch",
                NetworkSpec((optimizer("sgd", lr=0.01),), epochs=1, final_relu=False),
                plane="pca",
            ),
        ),
        Finding(
            "Here the plane holds {slow_held:.1f} % of the path's spread, and the loss drawn is the run's own to a "
            "factor of {slow_factor:.4f}.",
            {"slow_held": m.held("slow"), "slow_factor": m.misdrawn("slow")},
            (("slow_held", ">", 99.0), ("slow_factor", "<", 1.01)),
        ),
    ),
    question="A picture shows a straight road of low loss between two runs' ends. Is there one?",
    answer=(
        "Only if the ends lie in the plane, or close to it. Train between them and measure; the colours "
        "alone do not say."
    ),
    optimizers=("sgd", "momentum", "adam"),
)
