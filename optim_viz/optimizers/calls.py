"""What a class of torch's or of a package's is called with: as an object, and as the text of a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """What one of torch's classes is called with, behind the first argument: the parameters or the optimizer.

    `lists` come next, without a name: of numbers, or of further calls with the same first argument. Where that first
    argument stands `behind` them, it has this name.
    """

    name: str
    named: dict[str, Any]
    lists: tuple[list[Any], ...] = ()
    behind: str = ""

    def build(self, module: Any, first: Any) -> Any:
        """Make the call: the object of the class in `module`."""
        made = [[part.build(module, first) if isinstance(part, Call) else part for part in one] for one in self.lists]
        if self.behind:
            return getattr(module, self.name)(*made, **self.named, **{self.behind: first})
        return getattr(module, self.name)(first, *made, **self.named)

    def code(self, module: str, first: str) -> str:
        """Write the call down, as one would by hand."""
        texts = (
            [part.code(module, first) if isinstance(part, Call) else repr(part) for part in one] for one in self.lists
        )
        lists = [f"[{', '.join(one)}]" for one in texts]
        named = [f"{name}={value!r}" for name, value in self.named.items()]
        parts = [*lists, *named, f"{self.behind}={first}"] if self.behind else [first, *lists, *named]
        return f"{module}.{self.name}({', '.join(parts)})".lstrip(".")
