"""One difference between what is stored and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.errors import TraceError


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs (`code`), where (a statement, "leaf 17", a file), got and wanted."""

    code: str
    where: str
    got: str = ""
    wanted: str = ""

    def sentence(self) -> str:
        """One line for people."""
        parts = [f"{self.where}: {self.code.replace('_', ' ')}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.wanted:
            parts.append(f"wanted {self.wanted}")
        return "; ".join(parts)


def finding_of(error: TraceError, where: str) -> Finding:
    """The finding that a refusal makes."""
    place = f"{where}, {error.field}" if error.field else where
    return Finding(error.code, place, error.got or "", error.wanted)
