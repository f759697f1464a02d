"""Whether a party statement stands in the chains that it must stand in."""

from apps.core.errors import MalformedInput
from apps.core.leaf import key_tag, party_tag
from apps.core.statement import Statement
from apps.edge.secrets import tag_key


def party_tag_of(gln: str) -> bytes:
    """The tag of a party in this ledger."""
    return party_tag(tag_key(), gln=gln)


def key_tag_of(keyid: str) -> bytes:
    """The tag of a signing key in this ledger."""
    return key_tag(tag_key(), keyid=keyid)


def require_tags(statement: Statement, *wanted: bytes) -> None:
    """Check that the statement's subjects are exactly the chains `wanted`.

    Raises:
        MalformedInput: `wrong_subjects`. A statement outside its chain would be
            missing where a verifier counts.
    """
    got = [subject.tag for subject in statement.subjects]
    if got != sorted(wanted):
        raise MalformedInput(
            "wrong_subjects",
            field="subjects",
            got=", ".join(tag.hex() for tag in got),
            wanted=", ".join(tag.hex() for tag in sorted(wanted)),
        )
