"""What the first leaf says: who may admit partners, and where passkeys belong."""

from functools import lru_cache

from apps.core.bodies import Genesis, parse_body
from apps.core.envelope import parse_envelope
from apps.core.errors import IntegrityBreach, Unavailable
from apps.core.statement import parse_statement
from apps.ledger import queries as ledger
from apps.partners.models import SigningKey


def find_genesis() -> Genesis | None:
    """The body of the genesis statement; None while the ledger is not open."""
    keys = SigningKey.objects.filter(is_genesis=True)
    statement_id = keys.values_list("enrolled_by", flat=True).first()
    if statement_id is None:
        return None
    _remembered[:] = [statement_id]
    return read_genesis(statement_id)


_remembered: list[str] = []  # of this process: which statement it was, when last asked


def remembered_genesis() -> str:
    """The id of the genesis statement when it was last asked for, "" before.

    A ledger has one for ever, but a process may outlive its database: who trusts this
    asks in passing whether a statement of this name is there.
    """
    return _remembered[0] if _remembered else ""


def get_genesis() -> Genesis:
    """The body of the genesis statement.

    Raises:
        Unavailable: `ledger_not_open`: nothing can be signed for it yet.
    """
    genesis = find_genesis()
    if genesis is None:
        raise Unavailable("ledger_not_open", wanted="manage.py genesis")
    return genesis


def is_authority(gln: str) -> bool:
    """True for the regulator and the brand authorities that genesis names."""
    return any(each.gln == gln for each in get_genesis().authorities)


@lru_cache(maxsize=8)
def read_genesis(statement_id: str) -> Genesis:
    """The body of the genesis statement of that id, which the ledger has."""
    # Signed bytes never change, so what was read once is read for good.
    envelope = parse_envelope(ledger.get_envelope(statement_id))
    statement = parse_statement(envelope.payload)
    body = parse_body(statement.kind, statement.body)
    if not isinstance(body, Genesis):
        raise IntegrityBreach("no_genesis", got=statement.kind, wanted="genesis")
    return body
