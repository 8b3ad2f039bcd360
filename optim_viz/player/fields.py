"""What the browser computes a map or basins from: a sweep whose every cell is a run, and the programs of those runs."""

from __future__ import annotations

from collections.abc import Mapping

from optim_viz.player.live import ground, run
from optim_viz.player.programs import Json
from optim_viz.spec import SweepSpec


def fields(specs: Mapping[str, SweepSpec], watch: bool) -> tuple[list[Json], Json]:
    """Return sweeps, by their optimizers' labels, as the browser takes them, and their programs by name.

    `watch` says whether the step of arrival is wanted, as maps have it, or else where each run comes to rest, as basins
    have it. Cells are numbered as the sweep numbers them: rows go over the first of its two axes.

    >>> from optim_viz import basins, optimizer
    >>> spec = basins("booth", optimizer("sgd", lr=0.01), resolution=4, steps=5).spec
    >>> found, programs = fields({"sgd": spec}, watch=False)
    >>> [axis["name"] for axis in found[0]["axes"]], found[0]["run"]["values"]["lr"], len(programs)
    (['y', 'x'], 0.01, 3)
    """
    programs: Json = {}
    return [_field(spec, label, watch, programs) for label, spec in specs.items()], programs


def _field(spec: SweepSpec, label: str, watch: bool, programs: Json) -> Json:
    return {
        "surface": ground(spec.surface, programs), "start": list(spec.start), "steps": spec.steps, "noise": spec.noise,
        "seed": spec.seed, "seeds": spec.seeds, "batch": spec.batch_size, "tolerance": spec.tolerance, "watch": watch,
        "log": spec.surface.log,
        "run": run(spec.optimizer, label, programs),
        "axes": [{"name": name, "values": list(values)} for name, values in spec.axes],
    }  # fmt: skip
