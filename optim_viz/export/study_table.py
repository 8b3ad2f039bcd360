"""The STUDY_EXPORTS table, one row an export of a study: its table, its pictures on a page, and the study itself."""

from __future__ import annotations

from dataclasses import dataclass

from optim_viz.experiments import files
from optim_viz.experiments.study import Study, headline
from optim_viz.experiments.study_runs import Found
from optim_viz.export import figure_page, study_pictures
from optim_viz.export.table import Export, as_csv, as_parquet
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.spec import SpecError, nearest

#: Rows of the longest table that is written: of all formats JSON takes the most, 100 bytes a row.
MAX_ROWS = 500_000


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What is exported: a study and what came of it."""

    study: Study
    found: Found

    @property
    def name(self) -> str:
        """What files of it are called."""
        what = "network" if self.study.view == "network" else self.study.descent.surface.name
        return f"optim-viz-{self.study.view}-{what}" if what != self.study.view else f"optim-viz-tune-{what}"

    def check_rows(self) -> None:
        """Raise a SpecError where the table would be too long."""
        found = self.found
        arrays = [found.losses] if isinstance(found, TrainSweep) else [one.losses for one in found]
        rows = sum(array.size for array in arrays)
        if rows > MAX_ROWS:
            raise SpecError(
                f"The table of this picture has {rows:,} rows; at most {MAX_ROWS:,} are written. Fewer points or runs "
                "of each will do."
            )


def _html(result: StudyResult) -> bytes:
    asked, found = result.study, result.found
    frame = study_pictures.summary(asked, found)
    below = study_pictures.words(asked, found)
    if frame is not None:
        below += frame.to_html(index=False, border=0)
    drawn = study_pictures.figures(asked, found)
    return figure_page.page(drawn, *headline(asked, clicked=False), below, result.name).encode()


def _csv(result: StudyResult) -> bytes:
    result.check_rows()
    return as_csv(study_pictures.table(result.study, result.found))


def _parquet(result: StudyResult) -> bytes:
    result.check_rows()
    return as_parquet(study_pictures.table(result.study, result.found))


def _json(result: StudyResult) -> bytes:
    result.check_rows()
    return files.write(result.study, study_pictures.table(result.study, result.found)).encode()


_ROWS = (
    Export("html", "Web page (HTML)", ".html", "text/html", _html),
    Export("csv", "Table (CSV)", ".csv", "text/csv", _csv),
    Export("parquet", "Table (Parquet)", ".parquet", "application/vnd.apache.parquet", _parquet),
    Export("json", "Study and results (JSON)", ".json", "application/json", _json),
)
STUDY_EXPORTS: dict[str, Export[StudyResult]] = {row.name: row for row in _ROWS}


def export_study(study: Study, found: Found, name: str) -> bytes:
    """Return a study as the bytes of a file; `name` is a row of STUDY_EXPORTS.

    Raises SpecError with the nearest name, or where the table would be too long.

    >>> import threading
    >>> from dataclasses import replace
    >>> from optim_viz.experiments.study import PRESETS
    >>> from optim_viz.experiments.study_runs import pictures, run_pictures
    >>> small = replace(PRESETS["map"], resolution=2)
    >>> found = run_pictures(pictures(small), lambda share: None, threading.Event())
    >>> export_study(small, found, "csv").splitlines()[0]
    b'optimizer,seed,lr,momentum,final_loss,median_loss,median_steps_to'
    """
    if name not in STUDY_EXPORTS:
        raise SpecError(f"Unknown export {name!r}; {nearest(name, STUDY_EXPORTS)}")
    return STUDY_EXPORTS[name].write(StudyResult(study, found))
