"""Which classes of the package run where: one is tried for two steps, as no signature says what weights it takes."""

from __future__ import annotations

import functools

from optim_viz.optimizers import packages
from optim_viz.optimizers.stepper import Stepper
from optim_viz.spec import OptimizerSpec, SpecError

#: The shapes of the weights and their number of bits, by where they are: a point; a layer's matrix and its biases.
PLACES: dict[str, tuple[tuple[tuple[int, ...], ...], int]] = {
    "surface": (((2,),), 64),
    "network": (((4, 3), (4,)), 32),
}
#: Which classes of pytorch_optimizer 4.1 are refused where, or need one more package. To try all of them would take a
#: server's first visitor seconds; a test does, and one of another version is refused once it is chosen.
NOT_OFFERED = {"surface": {"DeMo", "FAdam", "SpectralSphere"}, "network": {"DeMo", "SpectralSphere"}}


@functools.lru_cache(maxsize=1024)
def refusal(spec: OptimizerSpec, place: str) -> SpecError | None:
    """Return what two steps of an optimizer in one of PLACES end with; None where they end well."""
    import torch

    shapes, bits = PLACES[place]
    dtype = torch.float64 if bits == 64 else torch.float32
    with torch.inference_mode(False):
        weights = [torch.full(shape, 0.5, dtype=dtype).requires_grad_() for shape in shapes]
        try:
            stepper = Stepper(spec, weights, 2, 0)
            for _ in range(2):
                stepper.step(lambda _: torch.stack([(w**2).sum() for w in weights]).sum())
        except SpecError as error:
            return error
    return None


def kinds(place: str) -> tuple[str, ...]:
    """Return the classes of the package that are offered in one of PLACES, as `ov.optimizer` names them."""
    return tuple(kind for kind in packages.kinds() if packages.class_name(kind) not in NOT_OFFERED[place])
