"""What a suspect key signed: marked where it is shown, listed until it is said again.

A statement is suspect if a key that was revoked with `suspect_since` signed it, or lent
a device key its voice for it, at that moment or later. Nothing is flagged in a row: the
keys say since when, the statements say which keys signed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from apps.core.envelope import parse_envelope
from apps.core.statement import parse_statement
from apps.ledger import queries as ledger
from apps.ledger.queries import SignedRow
from apps.partners.models import LentVoice, Reattestation, SigningKey
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis

MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a statement wants another look.

    Attributes:
        key: the suspect key.
        said_in: id of the key.reattest by which its party stands by it; "" while none.
    """

    key: SigningKey
    said_in: str

    @property
    def is_open(self) -> bool:
        """Whether nobody has said it again."""
        return not self.said_in


@dataclass(frozen=True, slots=True)
class SuspectRow:
    """A statement that wants another look, with what its signature meant."""

    id: str
    kind: str
    meaning: str
    accepted_ms: int


def marks_of(statement_ids: Iterable[str]) -> dict[str, Mark]:
    """Marks by statement id; most statements have none.

    Of several suspect keys one is named for which nobody has said it again yet.
    """
    found = SigningKey.objects.filter(suspect_since_ms__isnull=False)
    keys = {key.keyid: key for key in found.order_by("keyid")}
    if not keys:
        return {}
    rows = ledger.list_signed(ids=set(statement_ids))
    lenders = _lenders(keys)
    again = Reattestation.objects.filter(statement_id__in=[row.id for row in rows])
    said_in = {(each.statement_id, each.keyid): each.said_in for each in again}
    marks: dict[str, Mark] = {}
    for row in rows:
        own = [
            Mark(keys[keyid], said_in.get((row.id, keyid), ""))
            for keyid in sorted(_voices(row, lenders) & keys.keys())
            if is_suspect(row, keys[keyid])
        ]
        if own:
            marks[row.id] = min(own, key=lambda mark: mark.said_in)
    return marks


def list_suspect_keys(*, gln: str) -> list[SigningKey]:
    """The keys of a party that were revoked as suspect, the latest first."""
    keys = SigningKey.objects.filter(partner__gln=gln, suspect_since_ms__isnull=False)
    return list(keys.select_related("partner").order_by("-revoked_ms"))


def list_open_suspects(*, key: SigningKey, most: int) -> list[SignedRow]:
    """What a suspect key signed and its party has not said again, the latest first."""
    return list(islice(_iter_open(key), most))


def suspect_rows(rows: Iterable[SignedRow]) -> list[SuspectRow]:
    """The same statements as people read them; what is erased has no meaning left."""
    listed = list(rows)
    stored = ledger.envelopes_of(ids=[row.id for row in listed])
    meanings = {
        name: parse_statement(parse_envelope(data).payload).meaning
        for name, data in stored.items()
    }
    return [
        SuspectRow(row.id, row.kind, meanings.get(row.id, ""), row.accepted_ms)
        for row in listed
    ]


def count_suspect(*, actor: Actor) -> int:
    """How many statements of the actor's party wait for another look; 1,000 at most."""
    keys = list_suspect_keys(gln=actor.gln)
    rows = (row for key in keys for row in _iter_open(key))
    return sum(1 for _ in islice(rows, MOST_COUNTED))


def is_suspect(row: SignedRow, key: SigningKey) -> bool:
    """Whether a statement that `key` signed was accepted while the key was suspect.

    The revocation that the key itself signed is what began the suspicion.
    """
    since = key.suspect_since_ms
    return since is not None and row.accepted_ms >= since and row.id != key.revoked_by


def suspect_among(rows: Iterable[SignedRow], key: SigningKey) -> set[str]:
    """The ids of those that `key`, or a device key with its voice, signed as suspect."""
    lenders = _lenders([key.keyid])
    return {
        row.id
        for row in rows
        if is_suspect(row, key) and key.keyid in _voices(row, lenders)
    }


def _iter_open(key: SigningKey) -> Iterator[SignedRow]:
    # Only offices sign what others say.
    offices = {each.gln for each in get_genesis().parties}
    again = Reattestation.objects.filter(keyid=key.keyid)
    said_again = set(again.values_list("statement_id", flat=True))
    rows = ledger.iter_signed_since(
        keyids=[key.keyid, *_lenders([key.keyid])],
        by=key.partner.gln,
        since_ms=key.suspect_since_ms or 0,
        until=key.revoked_by,
        cosigns=key.partner.gln in offices,
    )
    return (row for row in rows if row.id not in said_again and is_suspect(row, key))


def _lenders(keyids: Collection[str]) -> dict[str, set[str]]:
    """Whose voices device keys had, of those that `keyids` lent."""
    lenders: dict[str, set[str]] = {}
    lent = LentVoice.objects.filter(lender__in=list(keyids))
    for device, lender in lent.values_list("device_keyid", "lender_id"):
        lenders.setdefault(device, set()).add(lender)
    return lenders


def _voices(row: SignedRow, lenders: Mapping[str, set[str]]) -> set[str]:
    return set().union(*(lenders.get(keyid, {keyid}) for keyid in row.keyids))
