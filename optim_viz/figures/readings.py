"""What the networks make of the test digits: the table of results, the confusion matrix, the digits read wrongly."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.style import GREY, dress, faint, note
from optim_viz.language import tr
from optim_viz.network.digit_files import CLASSES
from optim_viz.network.training import TrainingRun

#: Wrong answers, on light and on dark pages alike.
WRONG = "#d2603f"
SIDE = 28
#: Pixels from one digit of the strip to the next, across and down: room for the caption below.
ACROSS, DOWN, COLUMNS = 32, 42, 12


def counts(predictions: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return how often digit i was read as j, int64 [10, 10]; answers that were not given count nowhere.

    >>> counts(np.array([1, 7, 255], np.uint8), np.array([1, 1, 1], np.uint8))[1].tolist()
    [0, 1, 0, 0, 0, 0, 0, 1, 0, 0]
    """
    given = predictions < CLASSES
    cells = CLASSES * answers[given].astype(int) + predictions[given]
    return np.bincount(cells, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def confusion(run: TrainingRun, row: int, answers: np.ndarray, dark: bool = False) -> go.Figure:
    """Return which digit was read as which at one evaluation, with the errors in colour and the diagonal quiet.

    Problem: see what a network mixes up, not only how often.
    Arguments: `run`; `row`, of its evaluations (-1 is the last); `answers`, uint8 [test digits]; `dark`, for a
    dark page. Colour goes with the square root of the count, so that single errors show.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import digits
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> confusion(t["adam"], -1, digits.load().test_y).layout.yaxis.title.text
    'true digit'
    """
    table = counts(run.predictions[row], answers)
    size = table.sum(1, keepdims=True)
    shade = np.where(np.eye(CLASSES, dtype=bool), -1.0, np.sqrt(table))
    top = max(1.0, float(shade.max()))
    edge = 0.5 / (top + 1)  # -1, on the diagonal, lies below it
    scale = [
        [0, GREY],
        [edge, GREY],
        [edge, faint(WRONG, 0)],
        [1 / (top + 1), faint(WRONG, 0)],
        [1, faint(WRONG, 0.75)],
    ]
    hover = [[_said(i, j, table[i, j], size[i, 0]) for j in range(CLASSES)] for i in range(CLASSES)]
    figure = go.Figure(
        go.Heatmap(
            z=shade.astype("float32"), zmin=-1, zmax=top, colorscale=scale, showscale=False, xgap=1, ygap=1,
            text=hover, hovertemplate="%{text}<extra></extra>", name="errors",
        )
    )  # fmt: skip
    # As a trace of its own the text keeps the page's colour; a heatmap's would suit a white page only.
    i, j = np.nonzero(table)
    figure.add_trace(go.Scatter(x=j, y=i, text=[f"{n:,}" for n in table[i, j]], mode="text", hoverinfo="skip"))
    ticks = {"dtick": 1, "showgrid": False, "range": [-0.5, 9.5], "ticks": ""}
    figure.update_xaxes(title=tr("read as"), constrain="domain", constraintoward="left", **ticks)
    figure.update_yaxes(title=tr("true digit"), scaleanchor="x", constrain="domain", **(ticks | {"range": [9.5, -0.5]}))
    return dress(figure, _headline(run, row, answers), 400, dark)


def _said(true: int, read: int, count: int, size: int) -> str:
    share = tr("{count:,} of {size:,} ({percent:.1f} %)", count=count, size=size, percent=100 * count / max(size, 1))
    if true == read:
        return tr("{digit} read rightly: {share}", digit=true, share=share)
    return tr("{digit} read as {read}: {share}", digit=true, read=read, share=share)


def _headline(run: TrainingRun, row: int, answers: np.ndarray) -> str:
    """Run, step and accuracy, or that there was no answer."""
    read = run.predictions[row]
    step = run.eval_steps[row]
    if (read >= CLASSES).all():
        return tr("{run}, step {step:,}: diverged, no digit is read", run=run.label, step=step)
    share, count = 100 * (read == answers).mean(), len(answers)
    return tr(
        "{run}, step {step:,}: {share:.4g} % of {count:,} read right",
        run=run.label, step=step, share=share, count=count,
    )  # fmt: skip


def misread(
    run: TrainingRun, row: int, images: np.ndarray, answers: np.ndarray, count: int = 24, dark: bool = False
) -> go.Figure:
    """Return the first test digits that the network reads wrongly at one evaluation, with true and read digit below.

    Problem: judge for yourself whether an error can be forgiven.
    Arguments: `run`; `row`, of its evaluations (-1 is the last); `images`, uint8 [test digits, 784]; `answers`, uint8
    [test digits]; `count`, of digits shown at most; `dark`, for a dark page.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import digits
    >>> from optim_viz.network.train import train
    >>> data = digits.load()
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> len(misread(t["adam"], -1, data.test_x, data.test_y, count=5).data[1].text)
    5
    """
    read = run.predictions[row]
    every = np.flatnonzero((read != answers) & (read < CLASSES))
    wrong, figure = every[:count], go.Figure()
    title = (
        tr("The first {count} of {all} misread", count=len(wrong), all=len(every))
        if len(wrong)
        else _headline(run, row, answers)
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    if not len(wrong):
        answered = (read < CLASSES).any()
        note(
            figure, tr("No test digit is read wrongly.") if answered else tr("The run has diverged and reads nothing.")
        )
        return dress(figure, title, 160, dark)
    pictures, (height, width) = _pictures(images[wrong], answers[wrong], read[wrong], wrong, dark)
    figure.add_traces(pictures)
    figure.update_xaxes(range=[-2, width + 1], constrain="domain", constraintoward="left")
    figure.update_yaxes(range=[height, -2], scaleanchor="x", constrain="domain", constraintoward="top")
    return dress(figure, title, 54 + 108 * (height // DOWN), dark)


def _pictures(
    images: np.ndarray, true: np.ndarray, read: np.ndarray, numbers: np.ndarray, dark: bool
) -> tuple[list[go.Heatmap | go.Scatter], tuple[int, int]]:
    """The digits in one heatmap, their captions and their hover texts; with the picture's height and width."""
    mosaic, x, y = _mosaic(images, min(COLUMNS, len(images)))
    ink = "#e6e9ee" if dark else "#2b3140"
    scale = [[0, faint(ink, 0.05)], [1, faint(ink, 1)]]
    cells = list(zip(true, read, numbers, strict=True))
    said = [tr("true {true}, read as {read}<br>test digit {number:,}", true=t, read=p, number=k) for t, p, k in cells]
    return [
        go.Heatmap(z=mosaic, zmin=0, zmax=255, colorscale=scale, showscale=False, hoverinfo="skip"),
        go.Scatter(x=x, y=y + SIDE / 2 + 5, text=[f"{t} → {p}" for t, p, _ in cells], mode="text", hoverinfo="skip"),
        go.Scatter(
            x=x, y=y, text=said, hovertemplate="%{text}<extra></extra>", mode="markers", opacity=0,
            marker={"size": 50, "symbol": "square"},
        ),
    ], mosaic.shape  # fmt: skip


def _mosaic(images: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the digits, uint8 [n, 784], in one picture, row after row, and the x [n] and y [n] of their centres."""
    rows = -(-len(images) // columns)
    picture = np.zeros((rows * DOWN, columns * ACROSS), np.uint8)
    down, across = np.divmod(np.arange(len(images)), columns)
    for image, i, j in zip(images.reshape(-1, SIDE, SIDE), down, across, strict=True):
        picture[i * DOWN : i * DOWN + SIDE, j * ACROSS : j * ACROSS + SIDE] = image
    return picture, across * ACROSS + (SIDE - 1) / 2, down * DOWN + (SIDE - 1) / 2
