"""What the tests of files share: the table in a JSON file, and when two tables are equal."""

import json

import numpy as np
import pandas as pd


def results_of(text):
    """The results in a JSON file; numbers that are not finite stand there as texts."""
    columns = json.loads(text)["results"]
    finite = {
        name: [float(v) if isinstance(v, str) and name != "optimizer" else v for v in values]
        for name, values in columns.items()
    }
    return pd.DataFrame(finite)


def same_frame(read, written):
    """Equal to the last bit: inf and NaN included, whatever the columns' types."""
    assert list(read.columns) == list(written.columns) and len(read) == len(written) > 0
    for name in written:
        a, b = read[name].to_numpy(), written[name].to_numpy()
        if name == "optimizer":
            assert a.tolist() == b.tolist()
        else:
            assert np.array_equal(a.astype(float), b.astype(float), equal_nan=True), name
