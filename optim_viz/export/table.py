"""The EXPORTS table, one row an export: what a result becomes when it is taken elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from optim_viz.experiments import files
from optim_viz.export.descent_script import pytorch_script
from optim_viz.export.origin import origin
from optim_viz.language import N_, together, tr
from optim_viz.network import recording_files
from optim_viz.network.curvature import Sharpness
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.network.plane import Plane
from optim_viz.network.recording import Recordings, gathered, is_recorded, with_sharpness
from optim_viz.network.training import Training
from optim_viz.player import matrix_scenes, network_scenes, recording_scenes, scenes, standalone
from optim_viz.spec import SpecError, hooks, one_of, path_of, quoted
from optim_viz.surfaces.trajectory import Comparison

if TYPE_CHECKING:
    import pandas as pd


What = TypeVar("What")
Runs = Comparison | Training | MatrixTask | Recordings


@dataclass(frozen=True, eq=False)
class Result:
    """What is exported: runs, the plane of their weights if it is wanted, and who is told of progress.

    `address` is the app's own, where it is known.
    """

    runs: Runs
    plane: Plane | None = None
    progress: Callable[[float], None] | None = None
    address: str = ""

    @property
    def origin(self) -> str:
        """The link that a picture of it carries."""
        if isinstance(self.runs, Recordings):
            return tr(N_("optim-viz: a recording, which no link can hold"))
        return origin(self.runs.spec, self.address)

    def scene(self) -> scenes.Scene:
        """What the player shows of it."""
        if isinstance(self.runs, Training):
            return network_scenes.network(self.runs, self.plane)
        if isinstance(self.runs, MatrixTask):
            return matrix_scenes.matrix_task(self.runs)
        if isinstance(self.runs, Recordings):
            return recording_scenes.recorded(self.runs, self.plane)
        return scenes.compare(self.runs)


@dataclass(frozen=True)
class Export(Generic[What]):
    """One row: how it is called, the file's suffix and media type, and the function that writes it."""

    name: str
    title: str
    suffix: str
    mime: str
    write: Callable[[What], bytes]


def titled(result: Result) -> tuple[str, str]:
    """Return what a page of a result is called, and a line about it."""
    runs = result.runs
    if isinstance(runs, Training):
        asked = runs.spec
        return N_("An MLP on handwritten digits"), N_(
            "{epochs} epochs, mini-batches of {size}", epochs=asked.epochs, size=asked.batch_size
        )
    if isinstance(runs, MatrixTask):
        return matrix_scenes.TITLE, matrix_scenes.told(runs.spec)
    if isinstance(runs, Recordings):
        size = N_("{weights:,} weights, {steps:,} steps.", weights=runs.runs[0].weights.size, steps=runs.steps)
        return N_("A network of your own"), together([size, *([result.plane.caption] if result.plane else [])])
    return runs.surface.title, runs.surface.formula


def _html(result: Result, online: bool = False) -> bytes:
    return standalone.page(result.scene(), *titled(result), result.origin, online).encode()


def _gif(result: Result) -> bytes:
    from optim_viz.export.images import gif

    return gif(result.scene(), result.progress, result.origin)


def _png(result: Result) -> bytes:
    from optim_viz.export.images import png

    return png(result.scene(), result.origin)


def _svg(result: Result) -> bytes:
    from optim_viz.export.images import svg

    return svg(result.scene(), result.origin)


#: What a cell begins with that a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with an apostrophe, a spreadsheet's mark of text, before what it would take for a formula.

    A label may come from a stranger's link. Numbers stay as they are.

    >>> import pandas as pd
    >>> harmless(pd.DataFrame({"optimizer": ["=1+1", "sgd"], "loss": [-0.5, 0.5]})).values.tolist()
    [["'=1+1", -0.5], ['sgd', 0.5]]
    """
    texts = {name: frame[name].map(_as_text) for name in frame.select_dtypes(exclude="number")}
    return frame.assign(**texts).rename(columns=_as_text)


def _as_text(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    mark = "'" if cell.startswith(_FORMULA) else ""
    return mark + cell.replace("\r", " ")  # which would end the row for some, and start a cell


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV that reads back to the last bit: pandas writes floats by repr, inf and nan by name."""
    return harmless(frame).to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as a Parquet file."""
    file = io.BytesIO()
    frame.to_parquet(file, engine="pyarrow", index=False)
    return file.getvalue()


def frame_writer(path: str) -> Callable[[pd.DataFrame], None]:
    """Return what writes a table to a file of this name, .csv or .parquet; SpecError where nothing does."""
    ways = {".csv": as_csv, ".parquet": as_parquet}
    found = next((write for suffix, write in ways.items() if path.lower().endswith(suffix)), None)
    if found is None:
        raise SpecError("{path} must end in one of {names}.", path=quoted(path), names=", ".join(ways))
    return lambda frame: _put(path, found(frame))


def _put(path: str | Path, content: bytes) -> None:
    try:
        path_of(path, "path").write_bytes(content)
    except OSError as error:
        raise SpecError(
            "{path} could not be written: {reason}.", path=quoted(str(path)), reason=error.strerror or error
        ) from None


def _csv(result: Result) -> bytes:
    return as_csv(result.runs.to_frame())


def _parquet(result: Result) -> bytes:
    return as_parquet(result.runs.to_frame())


def _json(result: Result) -> bytes:
    if isinstance(result.runs, Recordings):
        raise SpecError(
            "A recording is no experiment that a JSON file could repeat: rec.save('run.safetensors') holds all of it, "
            "and CSV its numbers."
        )
    return files.write(result.runs.spec, result.runs.to_frame()).encode()


def _pytorch(result: Result) -> bytes:
    if isinstance(result.runs, Recordings):
        raise SpecError("The script of a recording is the loop that was recorded.")
    return pytorch_script(result.runs.spec).encode()


_ROWS = (
    Export("html", N_("Web page that plays anywhere"), ".html", "text/html", _html),
    Export("html-online", N_("Web page, small (online)"), ".online.html", "text/html", partial(_html, online=True)),
    Export("gif", N_("Animation (GIF)"), ".gif", "image/gif", _gif),
    Export("png", N_("Picture (PNG)"), ".png", "image/png", _png),
    Export("svg", N_("Picture (SVG)"), ".svg", "image/svg+xml", _svg),
    Export("csv", N_("Table (CSV)"), ".csv", "text/csv", _csv),
    Export("parquet", N_("Table (Parquet)"), ".parquet", "application/vnd.apache.parquet", _parquet),
    Export("json", N_("Experiment and results (JSON)"), ".json", "application/json", _json),
    Export("pytorch", N_("PyTorch script"), ".py", "text/x-python", _pytorch),
)
EXPORTS: dict[str, Export[Result]] = {row.name: row for row in _ROWS}


def export(
    runs: Runs | Sequence[Any],
    name: str,
    plane: Plane | None = None,
    progress: Callable[[float], None] | None = None,
    address: str = "",
) -> bytes:
    """Return a result as the bytes of a file.

    Problem: a result that cannot leave the program cannot be shown, checked or built upon.
    Arguments: `runs`, what optim_viz.descend, train, matrix_task, record or load returns, of the last two also a list;
    `name`, a row of EXPORTS; `plane`, what optim_viz.project returns, drawn beside the curves; `progress`, told the
    share, 0 to 1, of a slow export; `address`, that of an app, such as "https://example.org/", in which the link that
    a picture carries is to open.
    Raises SpecError with the nearest name, or where a format cannot hold an optimizer or digits of the user's own.

    >>> from optim_viz import descend, optimizer
    >>> export(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=2), "csv").splitlines()[0]
    b'optimizer,step,x,y,loss,gradient_x,gradient_y,lr,gradient_evaluations'

    Reference: the formats' own documents; the experiment's JSON is described in optim_viz.experiments.files.
    """
    hooks(progress)
    checked = _check(runs, plane)
    return EXPORTS[one_of(name, EXPORTS, "export")].write(Result(checked, plane, progress, address))


def _check(runs: Any, plane: object) -> Runs:
    """Return the runs; refuse what is no result of some, and say where it belongs."""
    if is_recorded(runs):
        runs = gathered(runs)
    if not isinstance(runs, Runs):
        if isinstance(runs, Plane):
            hint = N_("; a plane goes beside its training: ov.save(training, path, plane)")
        else:
            hint = N_("; to_frame() gives its table") if hasattr(runs, "to_frame") else ""
        raise SpecError(
            "Files are made of what ov.descend, ov.train, ov.matrix_task, ov.record or ov.load returns; "
            "got {value}{hint}.",
            value=quoted(runs),
            hint=hint,
        )
    if not (plane is None or isinstance(plane, Plane)):
        raise SpecError("plane is what ov.project returns; got {value}.", value=quoted(plane))
    return runs


def _length(row: Export[Result]) -> int:
    return len(row.suffix)


def by_suffix(path: str | Path) -> Export[Result]:
    """Return the export that writes files of this name; SpecError where none does.

    >>> by_suffix("race.gif").name
    'gif'
    """
    name = path_of(path, "path").name.lower()
    found = max((row for row in EXPORTS.values() if name.endswith(row.suffix)), key=_length, default=None)
    if found is None:
        raise SpecError(
            "{path} must end in one of {names}.",
            path=quoted(str(path)),
            names=", ".join(row.suffix for row in EXPORTS.values()),
        )
    return found


def save(
    runs: Runs | Sequence[Any],
    path: str | Path,
    plane: Plane | None = None,
    progress: Callable[[float], None] | None = None,
    *,
    weights: bool = True,
    sharpness: Sharpness | None = None,
) -> None:
    """Write a result to a file whose suffix says how; SpecError where it cannot be written.

    Recordings may also become the .safetensors file that `ov.load` and the app's page Network read; without `weights`
    it is small, however large the network, and can be looked at, but not computed with. Beside recordings `sharpness`,
    what `ov.sharpness` found of them, is kept and drawn.
    """
    checked = _check(runs, plane)
    if isinstance(checked, Recordings):
        checked = with_sharpness(checked, sharpness)
    elif sharpness is not None:
        raise SpecError("sharpness goes beside recordings; that of a training is ov.sharpness(training).figure().")
    if isinstance(checked, Recordings) and str(path).endswith(".safetensors"):
        recording_files.save(checked, path, plane, weights)
        return
    _put(path, export(checked, by_suffix(path).name, plane, progress))
