"""Which packs of some lots an event names, read from JSON that was judged long ago."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.bundle.boxes import Named
from apps.core.epcis import PackEpc, parse_epc
from apps.custody.queries.commissionings import iter_serials

# https://id.gs1.org/01/{gtin}/21/{serial}
_PACK: Final = "https://id.gs1.org/01/"
_GTIN: Final = slice(22, 36)
_SERIAL: Final = slice(40, None)
_SHIFT: Final = 32
_MASK: Final = (1 << _SHIFT) - 1


class Names:
    """The serials of some lots by name; they are read at the first question."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = list(batches)
        self._tags = [bytes(batch.tag).hex() for batch in batches]
        # By GTIN and serial: number of the lot, and below 32 bits the ordinal.
        self._places: dict[str, dict[str, int]] | None = None

    def of(self, event: dict[str, Any]) -> Named[BitMap]:
        """What an event in its signed form names."""
        loose: dict[int, list[int]] = {}
        boxes: list[str] = []
        epcs = event.get("epcList") or event.get("childEPCs") or []
        for epc, place in zip(epcs, self._find(epcs), strict=True):
            if place is None:
                boxes.append(epc)
            else:
                loose.setdefault(place >> _SHIFT, []).append(place & _MASK)
        return Named(
            loose={self._tags[n]: BitMap(found) for n, found in loose.items()},
            boxes=tuple(boxes),
            parent=event.get("parentID", ""),
            takes_all_out=event["bizStep"] == "unpacking" and not epcs,
        )

    def _find(self, epcs: Sequence[str]) -> list[int | None]:
        """The place of each, None for what is no pack of the lots."""
        places = self._read()
        stem = epcs[0][: _SERIAL.start] if epcs else ""
        if stem.startswith(_PACK) and _are_plain(epcs, stem):
            # As a case is filled: packs of one product, hundreds of them.
            find = places.get(stem[_GTIN], {}).get
            return [find(epc[_SERIAL]) for epc in epcs]
        pairs = map(_split, epcs)
        return [places.get(gtin, {}).get(serial) for gtin, serial in pairs]

    def _read(self) -> dict[str, dict[str, int]]:
        if self._places is None:
            self._places = {}
            for number, batch in enumerate(self._batches):
                serials = iter_serials(tag=bytes(batch.tag), base=0, size=batch.size)
                first = number << _SHIFT
                places = self._places.setdefault(batch.product.gtin, {})
                places.update(
                    zip(serials, range(first, first + batch.size), strict=True)
                )
        return self._places


def _are_plain(epcs: Sequence[str], stem: str) -> bool:
    """Whether all begin so, and none has a character that is escaped."""
    text = "\n".join(epcs)
    return "%" not in text and f"\n{text}".count(f"\n{stem}") == len(epcs)


def _split(epc: str) -> tuple[str, str]:
    """GTIN and serial of a pack; two empty texts for anything else."""
    if not epc.startswith(_PACK):
        return "", ""
    if "%" not in epc:
        return epc[_GTIN], epc[_SERIAL]
    pack = parse_epc(epc)
    return (pack.gtin, pack.serial) if isinstance(pack, PackEpc) else ("", "")
