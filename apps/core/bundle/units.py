"""The units of the lots: serials as commissioned, and the sets that events are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ..custody import State
from ..custody.said import Said
from ..errors import MalformedInput, ProofError
from ..merkle import RootBuilder
from ..ordinals import Ordinals
from ..ranges import Ranges, set_digest
from ..recall import Scope
from ..serials import serial_leaves
from ..subjects import Moved
from ..subjects import Serials as Signed
from .boxes import Boxes, Named
from .manifest import Lot

_SHIFT: Final = 32
_MASK: Final = (1 << _SHIFT) - 1


@dataclass(slots=True)
class Units:
    """Serials and containers of the lots of a bundle while it is read.

    Args:
        lots: ascending by tag.
    """

    lots: tuple[Lot, ...]
    state: State[Ordinals]
    boxes: Boxes[Ordinals] = field(default_factory=lambda: Boxes(Ordinals.of))
    serials: dict[str, list[str]] = field(default_factory=dict)  # by tag in hex
    derived: int = 0  # sets that follow from what is named
    stated: int = 0  # sets that the signature alone says
    # By GTIN and serial: number of the lot, and below 32 bits the ordinal.
    _places: dict[str, dict[str, int]] = field(default_factory=dict)
    # Every statement about a recall asks for all lots again.
    _covered: dict[tuple[str, int, Scope], Ordinals] = field(default_factory=dict)

    def commission(
        self, tag: bytes, signed: Signed, seed: bytes, serials: Iterator[str]
    ) -> None:
        """Take the serials that a lot has from its next ordinal on.

        Raises:
            ProofError: `serials_root_differs`, `serial_twice`, `wrong_lot`.
            MalformedInput: too few serials, or one that cannot be.
        """
        number = self._number(tag, signed)
        names = self.serials.setdefault(tag.hex(), [])
        places = self._places.setdefault(signed.gtin, {})
        if len(names) != signed.base:
            raise ProofError(
                "serials_root_differs",
                field="base",
                got=signed.base,
                wanted=str(len(names)),
            )
        new = list(islice(serials, signed.size))
        if len(new) < signed.size:
            raise MalformedInput(
                "serials_missing", field="serials", wanted=f"{signed.size} serials"
            )
        if next(serials, None) is not None:
            raise MalformedInput(
                "serials_left", field="serials", wanted=f"{signed.size} serials"
            )
        first = number << _SHIFT | signed.base
        before = len(places)
        places.update(zip(new, range(first, first + signed.size), strict=True))
        if len(places) != before + signed.size:
            raise ProofError("serial_twice", field=signed.gtin, wanted="each once")
        names.extend(new)
        builder = RootBuilder()
        builder.extend(
            serial_leaves(seed=seed, gtin=signed.gtin, base=signed.base, serials=new)
        )
        if builder.root() != signed.root:
            raise ProofError(
                "serials_root_differs",
                field="serials",
                got=builder.root().hex(),
                wanted=signed.root.hex(),
            )
        self.boxes.grow(tag.hex(), signed.size)

    def name(self, said: Said) -> Named[Ordinals]:
        """What an event names, packs of the lots by their ordinals."""
        loose: dict[int, list[int]] = {}
        others = []
        gtin, places = "", dict[str, int]()
        for pack in said.packs:
            if pack[0] != gtin:
                gtin = pack[0]
                places = self._places.get(gtin, {})
            place = places.get(pack[1])
            if place is None:
                others.append(said.epc_of(pack))
            else:
                loose.setdefault(place >> _SHIFT, []).append(place & _MASK)
        return Named(
            loose={
                self.lots[number].tag.hex(): Ordinals.of(ordinals)
                for number, ordinals in loose.items()
            },
            boxes=(*said.sscc, *others),
            parent=said.parent,
            takes_all_out=said.takes_all_out,
        )

    def resolve(
        self, named: Named[Ordinals], ranges: Mapping[bytes, Ranges]
    ) -> dict[str, Ordinals]:
        """The units that an event is about, by lot: those named, or those stated.

        Raises:
            ProofError: `ranges_not_needed`: stated, and what is named stands for the
                same; `not_named_alone`: a pack named one by one is left out, or only
                packs of these lots are named and others are stated.
        """
        units = self.boxes.stand_for(named)
        for tag, stated in ranges.items():
            name = tag.hex()
            said, known = Ordinals.from_ranges(stated), units.pop(name, Ordinals())
            if said == known:
                raise ProofError("ranges_not_needed", field=name, got=stated)
            loose = named.loose.get(name, Ordinals())
            only_packs = not named.boxes and not named.takes_all_out
            if only_packs or not loose <= said:
                raise ProofError(
                    "not_named_alone", field=name, wanted="the packs that are named"
                )
            if said:
                units[name] = said
            if not said <= whole(len(self.serials.get(name, ()))):
                raise ProofError("unknown_units", field=name, got=stated[-1])
        self.derived += len(units.keys() - {tag.hex() for tag in ranges})
        self.stated += len(ranges)
        return units

    def covered(self, tag: str, scope: Scope) -> Ordinals:
        """The units of a lot that a scope means, if it means the lot."""
        serials = self.serials[tag]
        if not scope.names_serials:
            return whole(len(serials))
        asked = tag, len(serials), scope
        if asked not in self._covered:
            self._covered[asked] = Ordinals.of(
                ordinal
                for ordinal, serial in enumerate(serials)
                if scope.covers_serial(serial)
            )
        return self._covered[asked]

    def _number(self, tag: bytes, signed: Signed) -> int:
        for number, lot in enumerate(self.lots):
            if lot.tag == tag:
                if (lot.gtin, lot.lot) != (signed.gtin, signed.lot):
                    got, wanted = f"{lot.gtin} {lot.lot}", f"{signed.gtin} {signed.lot}"
                    raise ProofError("wrong_lot", field="lots", got=got, wanted=wanted)
                return number
        raise ProofError("wrong_lot", field="lots", got=tag.hex(), wanted="a lot named")


def whole(size: int) -> Ordinals:
    """All units of a lot of this size."""
    return Ordinals.from_ranges([(0, size - 1)] if size else [])


def moved(units: Ordinals) -> Moved:
    """Number and digest of a set, as a subject signs them."""
    return Moved(len(units), set_digest(units.ranges()))
