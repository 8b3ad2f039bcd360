"""Colour never stands alone: runs differ in dash or marker too."""

import colorsys
import itertools

import pytest

from optim_viz.optimizers import styles
from optim_viz.optimizers.table import OPTIMIZERS

STYLES = [row.style for row in OPTIMIZERS.values()]


def test_every_optimizer_has_its_own_look():
    assert len({(s.dash, s.marker) for s in STYLES}) == len(STYLES)
    assert len({s.light for s in STYLES}) == len({s.dark for s in STYLES}) == len(STYLES)
    assert {s.dash for s in STYLES} <= set(styles.DASHES) and {s.marker for s in STYLES} <= set(styles.MARKERS)


def test_eight_copies_of_one_optimizer_can_be_told_apart():
    copies = styles.styles(["adam"] * 8)
    assert len({(s.dash, s.marker) for s in copies}) == 8
    beside = [*itertools.pairwise(copies)]
    assert all(one.light != other.light and one.dark != other.dark for one, other in beside)
    assert {round(hue(s.light), 1) for s in copies} == {round(hue(styles.style("adam").light), 1)}


def test_classes_of_a_package_look_like_no_other():
    every = [*STYLES, *styles.FURTHER, styles.OTHER]
    assert len({s.light for s in every}) == len({s.dark for s in every}) == len(every)
    kinds = [f"pytorch_optimizer.{name}" for name in ("Lion", "SOAP", "MARS", "Adan", "Prodigy", "Kron", "A", "B")]
    assert len({s.light for s in styles.styles(kinds)}) == 8
    assert styles.styles(["adam", kinds[1]])[1] == styles.style(kinds[1])  # its own, where none beside it has it
    twice = styles.styles([kinds[0]] * 2)
    assert hue(twice[0].light) == pytest.approx(hue(twice[1].light), abs=0.02) and twice[0].dash != twice[1].dash


def hue(color):
    return colorsys.rgb_to_hsv(*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0]


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_stand_out_from_their_page():
    """Contrast of graphical objects, WCAG 2.2: at least 3 to 1."""
    copies = [styles.style(kind, copy) for kind in OPTIMIZERS for copy in (1, 2)]
    for style in [*STYLES, *copies, *styles.FURTHER, styles.OTHER]:
        assert 1.05 / (luminance(style.light) + 0.05) >= 3, style
        assert (luminance(style.dark) + 0.05) / (luminance("#0e1117") + 0.05) >= 3, style
