"""Where networks are computed: on a GPU when there is one."""

from __future__ import annotations


def device() -> str:
    """Return torch's name of the device that trains and projects: "cuda" when there is one, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
