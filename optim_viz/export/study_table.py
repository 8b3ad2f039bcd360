"""The STUDY_EXPORTS table, one row an export of a study: its table, its pictures on a page, and the study itself."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.experiments import files
from optim_viz.experiments.study_runs import Found
from optim_viz.experiments.study_views import CheckedStudy
from optim_viz.export import figure_page
from optim_viz.export.live_fields import of_study
from optim_viz.export.origin import origin
from optim_viz.export.study_pictures import PICTURES, Pictures
from optim_viz.export.table import Export, as_csv, as_parquet
from optim_viz.language import N_, tr
from optim_viz.spec import SpecError

if TYPE_CHECKING:
    import pandas as pd

#: Rows of the longest table that is written: of all formats JSON takes the most, 100 bytes a row.
MAX_ROWS = 500_000


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What is exported: a study and what came of it; `address` is the app's own, where it is known."""

    asked: CheckedStudy
    found: Found
    address: str = ""

    @property
    def pictures(self) -> Pictures:
        """How it is shown."""
        return PICTURES[self.asked.view.name]

    @property
    def live(self) -> bool:
        """Whether a browser can compute it: every run has a rule."""
        return self.pictures.live is not None and not self.asked.slow

    @property
    def name(self) -> str:
        """What files of it are called."""
        view, surface = self.asked.view, self.asked.study.descent.surface.name
        return f"optim-viz-{view.name}-{surface}" if "f" in view.keys else f"optim-viz-tune-{view.name}"

    def to_frame(self) -> pd.DataFrame:
        """Return every run that is done in a tidy pandas DataFrame, one row a run, the optimizer's label first.

        Raises SpecError where the table would be too long.
        """
        import pandas as pd

        self.check_rows()
        frames = [_done(one) for one in self.found]
        for label, frame in zip(self._labels(), frames, strict=True):
            if "optimizer" not in frame:  # trainings of several optimizers are one sweep
                frame.insert(0, "optimizer", label)
        return pd.concat(frames, ignore_index=True)

    def _labels(self) -> list[str]:
        """The label of each result; what ended early lacks some."""
        labels, specs = self.asked.labels, self.asked.work.specs
        whole = len(self.found) == len(specs)
        return list(labels) if whole else [labels[specs.index(one.spec)] for one in self.found]

    def check_rows(self) -> None:
        """Raise a SpecError where the table would be too long."""
        rows = sum(one.losses.size for one in self.found)
        if rows > MAX_ROWS:
            raise SpecError(
                "The table of this picture has {rows:,} rows; at most {most:,} are written. "
                "Fewer points or runs of each will do.",
                rows=rows,
                most=MAX_ROWS,
            )


def _done(one: Any) -> pd.DataFrame:
    """The rows of a result's runs that are done; trainings have no others."""
    frame = one.to_frame()
    done = np.broadcast_to(one.done, one.losses.shape).ravel()
    return frame[done].reset_index(drop=True) if len(frame) == done.size else frame


def _html(result: StudyResult) -> bytes:
    asked, found, pictures = result.asked, result.found, result.pictures
    sentence, table = tr(pictures.sentence(asked.study, found)), pictures.table(found)
    below = "".join(f"<p>{escape(line)}</p>" for line in sentence.splitlines())
    if pictures.legend is not None:
        below += pictures.legend(found)
    if table is not None:
        below += table.to_html(index=False, border=0)
    drawn = pictures.charts(asked.study, found, False)
    comes_from = origin(asked.study, result.address)
    live = of_study(result, dark=False) if result.live else b""
    return figure_page.page(drawn, tr(asked.title), tr(asked.sentence), below, result.name, comes_from, live).encode()


def _json(result: StudyResult) -> bytes:
    return files.write(result.asked.study, result.to_frame()).encode()


_ROWS: tuple[Export[StudyResult], ...] = (
    Export("html", N_("Web page (HTML)"), ".html", "text/html", _html),
    Export("csv", N_("Table (CSV)"), ".csv", "text/csv", lambda r: as_csv(r.to_frame())),
    Export(
        "parquet",
        N_("Table (Parquet)"),
        ".parquet",
        "application/vnd.apache.parquet",
        lambda r: as_parquet(r.to_frame()),
    ),
    Export("json", N_("Study and results (JSON)"), ".json", "application/json", _json),
)
STUDY_EXPORTS: dict[str, Export[StudyResult]] = {row.name: row for row in _ROWS}
