"""The first member of a bundle: which lots, which log, and what the others hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ..canonical import JsonValue, canonical_bytes, parse_canonical
from ..errors import MalformedInput, located
from ..fields import Fields
from ..leaf import LEAF_SIZE, Leaf, LeafType
from ..statement import LEDGER_PATTERN
from .zipform import METHODS

FORMAT: Final = "pharmatrace-bundle/v1"
WHOLE: Final = "whole"
REDACTED: Final = "redacted"
FORMS: Final = frozenset({WHOLE, REDACTED})
MAX_BYTES: Final = 1 << 20
MOST_BATCHES: Final = 1_000
_LARGEST: Final = 2**32
OTHERS: Final = tuple(METHODS)[1:]


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """Size in bytes and SHA-256 of a member, both unpacked."""

    name: str
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """A batch that the bundle is about: its chain's tag, its product, its lot."""

    tag: bytes
    gtin: str
    lot: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself; nothing of it is signed, all of it is checked.

    Args:
        form: `whole`, or `redacted` for a reader who may not see every link.
        ledger: origin of the log.
        genesis: id of the genesis statement.
        lots: ascending by tag.
        recall: id of the recall whose lots these are, "" if it is about lots alone.
        map_root: the last leaf under the checkpoint.
        members: the others, in their order.
    """

    form: str
    ledger: str
    genesis: str
    lots: tuple[Lot, ...]
    recall: str
    map_root: Leaf
    members: tuple[MemberInfo, ...]

    @property
    def tags(self) -> frozenset[bytes]:
        """The chains of its lots; made anew each time."""
        return frozenset(lot.tag for lot in self.lots)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the member's bytes.

        Raises:
            MalformedInput: not RFC 8785, another format, an unknown field, lots out of
                order, a last leaf that is no map root, other members.
        """
        value = parse_canonical(data, max_bytes=MAX_BYTES, field="manifest")
        fields = Fields(value, where="manifest")
        fields.word("format", frozenset({FORMAT}))
        manifest = cls(
            form=fields.word("form", FORMS),
            ledger=fields.matching("ledger", LEDGER_PATTERN, wanted="the log's origin"),
            genesis=fields.hexed("genesis").hex(),
            lots=fields.ascending(
                "lots",
                _read_lot,
                by=lambda lot: lot.tag.hex(),
                least=1,
                most=MOST_BATCHES,
            ),
            recall=fields.hexed("recall").hex() if fields.has("recall") else "",
            map_root=_read_map_root(fields),
            members=fields.each(
                "members", _read_member, least=len(OTHERS), most=len(OTHERS)
            ),
        )
        fields.close()
        _verify_names(manifest.members)
        return manifest

    def format(self) -> bytes:
        """The member's bytes."""
        made: dict[str, JsonValue] = {
            "format": FORMAT,
            "form": self.form,
            "ledger": self.ledger,
            "genesis": self.genesis,
            "lots": [
                {"tag": lot.tag.hex(), "gtin": lot.gtin, "lot": lot.lot}
                for lot in self.lots
            ],
            "map_root": self.map_root.encode().hex(),
            "members": [
                {"name": each.name, "size": each.size, "sha256": each.digest.hex()}
                for each in self.members
            ],
        }
        if self.recall:
            made["recall"] = self.recall
        return canonical_bytes(made)

    def member(self, name: str) -> MemberInfo:
        """What it says of the member `name`."""
        return next(each for each in self.members if each.name == name)


def _read_lot(fields: Fields, name: str) -> Lot:
    inner = fields.object(name)
    lot = Lot(inner.hexed("tag"), inner.gtin("gtin"), inner.lot("lot"))
    inner.close()
    return lot


def _read_member(fields: Fields, name: str) -> MemberInfo:
    inner = fields.object(name)
    member = MemberInfo(
        inner.string("name"),
        inner.integer("size", most=_LARGEST),
        inner.hexed("sha256"),
    )
    inner.close()
    return member


def _read_map_root(fields: Fields) -> Leaf:
    data = fields.hexed("map_root", size_bytes=LEAF_SIZE)
    with located(fields.path("map_root")):
        leaf = Leaf.decode(data)
        if leaf.kind is not LeafType.MAP_ROOT:
            raise MalformedInput(
                "wrong_leaf_type", got=leaf.kind.name, wanted="a map root"
            )
    return leaf


def _verify_names(members: Sequence[MemberInfo]) -> None:
    names = tuple(each.name for each in members)
    if names != OTHERS:
        raise MalformedInput(
            "wrong_members", field="manifest.members", got=names, wanted=str(OTHERS)
        )
