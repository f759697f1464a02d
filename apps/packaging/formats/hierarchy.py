"""What a file says is packed in what: boxes within boxes, each thing once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.core.errors import MalformedInput


@dataclass(slots=True)
class Box:
    """One container that the file fills.

    Attributes:
        epc: its canonical EPC.
        line_no: where the file names it first.
        serials: of the packs directly in it; `lines` says where each stands.
        boxes: EPCs of the containers directly in it.
        parent: EPC of the container around it, "" for none.
        event_time_ms: when it was packed, if the file says so.
    """

    epc: str
    line_no: int
    serials: list[str] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("I"))
    boxes: list[str] = field(default_factory=list)
    parent: str = ""
    event_time_ms: int | None = None


@dataclass(slots=True)
class Hierarchy:
    """All boxes of a file by EPC, in file order; packs in none of them are loose."""

    boxes: dict[str, Box] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # line by serial
    free: Box = field(default_factory=lambda: Box("", 0))  # packs in no box

    @property
    def loose(self) -> int:
        """Packs that go into no box."""
        return len(self.free.serials)

    @property
    def packs(self) -> int:
        """Packs that go into a box."""
        return len(self.seen) - self.loose

    @property
    def pallets(self) -> int:
        """Boxes that hold boxes."""
        return sum(1 for box in self.boxes.values() if box.boxes)

    @property
    def cases(self) -> int:
        """Boxes that hold packs alone."""
        return len(self.boxes) - self.pallets

    def box(self, epc: str, line_no: int) -> Box:
        """The box of this EPC; the first line that names it makes it."""
        found = self.boxes.get(epc)
        if found is None:
            found = self.boxes[epc] = Box(epc, line_no)
        return found

    def put_pack(self, serial: str, epc: str, line_no: int) -> None:
        """A pack stands in a box, or with `epc` "" in none.

        Raises:
            MalformedInput: `packed_twice`.
        """
        first = self.seen.setdefault(serial, line_no)
        if first != line_no:
            raise MalformedInput(
                "packed_twice",
                field="serial",
                got=serial,
                wanted=f"each pack once; it stands on line {first} already",
            )
        box = self.box(epc, line_no) if epc else self.free
        box.serials.append(serial)
        box.lines.append(line_no)

    def put_box(self, epc: str, parent: str, line_no: int) -> None:
        """A box stands in another; said again, it is the same.

        Raises:
            MalformedInput: `packed_twice`: in two others; `inside_itself`.
        """
        box = self.box(epc, line_no)
        if epc == parent:
            raise _inside_itself(epc)
        if box.parent and box.parent != parent:
            raise MalformedInput(
                "packed_twice",
                field="case",
                got=epc,
                wanted=f"one container around it; it stands in {box.parent} already",
            )
        if not box.parent:
            box.parent = parent
            self.box(parent, line_no).boxes.append(epc)

    def innermost_first(self) -> Iterator[Box]:
        """The boxes, each after all that stand in it.

        Raises:
            MalformedInput: `inside_itself`: a circle.
        """
        left = {epc: len(box.boxes) for epc, box in self.boxes.items()}
        ready = [epc for epc, count in left.items() if not count]
        done = 0
        for epc in ready:
            box = self.boxes[epc]
            yield box
            done += 1
            if box.parent:
                left[box.parent] -= 1
                if not left[box.parent]:
                    ready.append(box.parent)
        if done < len(self.boxes):
            raise _inside_itself(next(epc for epc, count in left.items() if count))


def _inside_itself(epc: str) -> MalformedInput:
    return MalformedInput(
        "inside_itself", field="case", got=epc, wanted="a container in another one"
    )
