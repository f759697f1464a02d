"""EPCs as constrained canonical GS1 Digital Links: one spelling for each thing.

Source: EPCIS 2.0 section 8.2 (Digital Link in place of URN), GS1 Digital Link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from ..errors import MalformedInput
from ..gs1.charsets import verify_cset82
from ..gs1.keys import Gln, Gtin, Lot, Serial, Sscc
from ..gs1.percent import decode_path, encode_path

_STEM: Final = "https://id.gs1.org/"
_LINK: Final = re.compile(
    r"https://id\.gs1\.org/(00|01|414|417)/([0-9]{13,18})(?:/(10|21|254)/([!-~]{1,60}))?"
)
# Most EPCs by far: a serial of letters and digits has one spelling, itself.
_PLAIN: Final = re.compile(
    r"https://id\.gs1\.org/01/([0-9]{14})/21/([0-9A-Za-z]{1,20})"
)


@dataclass(frozen=True, slots=True)
class PackEpc:
    """One trade item: GTIN (01) and serial (21); a pack, or a case of an own GTIN."""

    gtin: str
    serial: str

    @property
    def uri(self) -> str:
        """The Digital Link."""
        return f"{_STEM}01/{self.gtin}/21/{encode_path(self.serial)}"


@dataclass(frozen=True, slots=True)
class SsccEpc:
    """One logistic unit: SSCC (00)."""

    sscc: str

    @property
    def uri(self) -> str:
        """The Digital Link."""
        return f"{_STEM}00/{self.sscc}"


@dataclass(frozen=True, slots=True)
class LotClass:
    """All items of one lot: GTIN (01) and lot (10)."""

    gtin: str
    lot: str

    @property
    def uri(self) -> str:
        """The Digital Link."""
        return f"{_STEM}01/{self.gtin}/10/{encode_path(self.lot)}"


@dataclass(frozen=True, slots=True)
class Location:
    """A place: GLN (414), and within it an extension (254), "" for none."""

    gln: str
    extension: str = ""

    @property
    def uri(self) -> str:
        """The Digital Link."""
        tail = f"/254/{encode_path(self.extension)}" if self.extension else ""
        return f"{_STEM}414/{self.gln}{tail}"


@dataclass(frozen=True, slots=True)
class PartyLink:
    """A party: GLN (417)."""

    gln: str

    @property
    def uri(self) -> str:
        """The Digital Link."""
        return f"{_STEM}417/{self.gln}"


Epc: TypeAlias = PackEpc | SsccEpc
_Link: TypeAlias = PackEpc | SsccEpc | LotClass | Location | PartyLink


def parse_epc(uri: str, *, field: str = "") -> Epc:
    """An instance: a pack or case SGTIN, or an SSCC.

    Raises (as all parsers here):
        MalformedInput: `bad_epc`, or the refusal of its key, serial or lot.
    """
    link = _parse(uri, field)
    if isinstance(link, PackEpc | SsccEpc):
        return link
    raise _refused(uri, field, "…/01/{gtin}/21/{serial} or …/00/{sscc}")


def find_plain_pack(uri: object) -> PackEpc | None:
    """A pack whose serial has letters and digits alone; None for all else.

    What it answers, `parse_epc` answers too, ten times as slowly.
    """
    found = _PLAIN.fullmatch(uri) if isinstance(uri, str) else None
    if found is None or not _is_gtin(found[1]):
        return None
    return PackEpc(found[1], found[2])


def find_plain_packs(items: Sequence[object]) -> tuple[PackEpc, ...]:
    """All of `items`, if each is such a pack and none stands twice; else ()."""
    plain = [find_plain_pack(item) for item in items]
    packs = tuple(pack for pack in plain if pack is not None)
    # All are texts if all are packs, and a plain pack has one spelling.
    return packs if len(packs) == len(items) == len(set(items)) else ()


@lru_cache(maxsize=1_024)
def _is_gtin(digits: str) -> bool:
    try:
        Gtin(digits)
    except MalformedInput:
        return False
    return True


def parse_lot_class(uri: str, *, field: str = "") -> LotClass:
    """A class: all of one lot."""
    link = _parse(uri, field)
    if isinstance(link, LotClass):
        return link
    raise _refused(uri, field, "…/01/{gtin}/10/{lot}")


def parse_location(uri: str, *, field: str = "") -> Location:
    """A place."""
    link = _parse(uri, field)
    if isinstance(link, Location):
        return link
    raise _refused(uri, field, "…/414/{gln}")


def parse_party(uri: str, *, field: str = "") -> PartyLink:
    """A party."""
    link = _parse(uri, field)
    if isinstance(link, PartyLink):
        return link
    raise _refused(uri, field, "…/417/{gln}")


def _parse(uri: str, field: str) -> _Link | None:
    found = _LINK.fullmatch(uri)
    if found is None:
        return None
    ai, key, qualifier, text = found.groups()
    try:
        link = _link(ai, key, qualifier, decode_path(text) if text else "")
    except MalformedInput as error:
        raise MalformedInput(
            error.code, field=field, got=uri, wanted=error.wanted
        ) from None
    # A second spelling of one EPC would be a second name for one pack.
    return link if link is not None and link.uri == uri else None


def _link(ai: str, key: str, qualifier: str | None, text: str) -> _Link | None:
    if (ai, qualifier) == ("01", "21"):
        return PackEpc(Gtin(key).text, Serial(text).text)
    if (ai, qualifier) == ("01", "10"):
        return LotClass(Gtin(key).text, Lot(text).text)
    if (ai, qualifier) == ("00", None):
        return SsccEpc(Sscc(key).text)
    # An extension 0 means none (EPC Tag Data Standard 2.0, section 6.3.3).
    if (ai, qualifier) == ("414", "254") and len(text) <= 20 and text != "0":
        verify_cset82(text, "254")
        return Location(Gln(key).text, text)
    if (ai, qualifier) == ("414", None):
        return Location(Gln(key).text)
    if (ai, qualifier) == ("417", None):
        return PartyLink(Gln(key).text)
    return None


def _refused(uri: str, field: str, wanted: str) -> MalformedInput:
    return MalformedInput(
        "bad_epc", field=field, got=uri, wanted=f"canonical Digital Link {wanted}"
    )
