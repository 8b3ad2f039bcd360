"""What the tests of files share: when two tables are equal."""

import numpy as np


def same_frame(read, written):
    """Equal to the last bit: inf and NaN included, whatever the columns' types."""
    assert list(read.columns) == list(written.columns) and len(read) == len(written) > 0
    for name in written:
        a, b = read[name].to_numpy(), written[name].to_numpy()
        if name == "optimizer":
            assert a.tolist() == b.tolist()
        else:
            assert np.array_equal(a.astype(float), b.astype(float), equal_nan=True), name
