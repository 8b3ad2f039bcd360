"""Ticks of logarithmic axes: round, few, and inside."""

from hypothesis import given
from hypothesis import strategies as st

from optim_viz.figures.ticks import log_ticks


@given(st.floats(-20, 20), st.floats(0.5, 40))
def test_log_ticks_are_few_and_inside(low, span):
    found = log_ticks(low, low + span)
    assert 1 <= len(found) <= 9
    assert 10**low <= found[0] * (1 + 1e-9) and found[-1] <= 10 ** (low + span) * (1 + 1e-9)
