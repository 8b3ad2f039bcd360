"""The round numbers that a logarithmic axis names, wherever one is drawn."""

from __future__ import annotations

import math


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1 to 9 round values between two powers of ten, given by their exponents.

    plotly's and Matplotlib's own ticks there are crowded in a low panel, or read 9 8 7 6 5.

    >>> log_ticks(-0.55, 0.4), log_ticks(0.9, 2.1)
    ([0.5, 1.0, 2.0], [10.0, 20.0, 50.0, 100.0])
    """
    width = high - low
    few, many = ((1, 3) if width > 2 else (1, 2, 5)), (1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 8)
    digits = (1,) if width > 3 else few if width > 0.7 else many
    every = max(1, round(width / 4)) if width > 3 else 1
    inside = range(max(math.floor(low), -307), min(math.ceil(high), 307) + 1)  # of what a float holds
    powers = [power for power in inside if power % every == 0]
    return [float(f"{d}e{p}") for p in powers for d in digits if low <= math.log10(d) + p <= high]
