from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.core.bodies import Authority, Genesis, NamedKey, parse_body
from apps.core.errors import (
    LedgerConflict,
    MalformedInput,
    Unavailable,
    UntrustedSignature,
)
from apps.core.signing import PrivateKey, public_key_of
from apps.core.statement import parse_statement
from apps.edge import secrets
from apps.ledger.models import Pending, Statement
from apps.partners import queries
from apps.partners.models import SigningKey, TradingPartner, User
from pharmatrace.demo.signing import Keyring
from pharmatrace.genesis import draft_genesis
from tests.cast import NOVAMED, OPERATOR, REGULATOR, START, Stage
from tests.partners.helpers import altered, envelope_of, rows


@pytest.fixture
def empty(db: None, keyring: Keyring) -> Stage:
    return Stage(keyring, START)


def test_genesis_names_the_operator_and_the_regulator(ledger: Stage) -> None:
    roles = dict(TradingPartner.objects.values_list("role", "gln"))

    assert roles == {"operator": "9506000100012", "regulator": "9501101000018"}
    assert SigningKey.objects.filter(is_genesis=True, role="admin").count() == 2
    assert Statement.objects.get().kind == "genesis"
    assert Pending.objects.count() == 1


def test_genesis_fixes_origin_receipt_key_and_passkey_scope(ledger: Stage) -> None:
    genesis = queries.get_genesis()

    assert genesis.origin == settings.LEDGER_ORIGIN
    assert [key.keyid for key in genesis.receipt_keys] == [
        public_key_of(secrets.receipt_key()).keyid
    ]
    assert genesis.webauthn.rp_id == "localhost"
    assert queries.is_authority(REGULATOR.gln)
    assert not queries.is_authority(OPERATOR.gln)


def test_nothing_is_taken_before_genesis(empty: Stage) -> None:
    with pytest.raises(Unavailable) as refused:
        queries.get_genesis()

    assert refused.value.code == "ledger_not_open"


def test_a_ledger_has_one_genesis(ledger: Stage) -> None:
    before = rows()

    with pytest.raises(LedgerConflict) as refused:
        ledger.open_ledger()

    assert refused.value.code == "ledger_open"
    assert rows() == before


@pytest.mark.parametrize(
    ("missing", "code"), [(OPERATOR, "not_of_party"), (REGULATOR, "signature_missing")]
)
def test_genesis_wants_operator_and_authorities(
    empty: Stage, missing: object, code: str
) -> None:
    keys = [
        empty.keyring.key_of(player)
        for player in (OPERATOR, REGULATOR)
        if player is not missing
    ]

    with pytest.raises(UntrustedSignature) as refused:
        empty.send(envelope_of(_draft(empty), keys))

    assert refused.value.code == code
    assert rows() == (0,) * 6


def test_genesis_verifies_under_the_keys_it_names_alone(empty: Stage) -> None:
    keys = [*_office_keys(empty), Ed25519PrivateKey.generate()]

    with pytest.raises(UntrustedSignature) as refused:
        empty.send(envelope_of(_draft(empty), keys))

    assert refused.value.code == "unknown_key"
    assert rows() == (0,) * 6


def test_genesis_names_the_receipt_key_of_this_site(empty: Stage) -> None:
    drafted = parse_statement(_draft(empty))
    body = parse_body("genesis", drafted.body)
    assert isinstance(body, Genesis)
    other = public_key_of(Ed25519PrivateKey.generate())
    foreign = replace(body, receipt_keys=(other,))
    payload = altered(_draft(empty), body=foreign.to_json())

    with pytest.raises(MalformedInput) as refused:
        empty.send(envelope_of(payload, _office_keys(empty)))

    assert refused.value.code == "foreign_receipt_key"


def test_the_signer_of_genesis_is_the_operators(empty: Stage) -> None:
    payload = altered(_draft(empty), signer=REGULATOR.admin.signer)

    with pytest.raises(UntrustedSignature) as refused:
        empty.send(envelope_of(payload, _office_keys(empty)))

    assert refused.value.code == "not_the_signer"


def test_the_command_opens_a_ledger_with_fresh_keys(
    db: None, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    _genesis_command(tmp_path)

    statement = Statement.objects.get()
    assert f"genesis {statement.id}" in capsys.readouterr().out
    assert sorted(file.name for file in tmp_path.iterdir()) == [  # type: ignore[attr-defined]
        "operator.pem",
        "regulator.pem",
    ]
    user = User.objects.get(username="otto@operator.example")
    assert SigningKey.objects.get(partner__role="operator").signer == user.signer


def test_the_command_opens_no_second_ledger(ledger: Stage, tmp_path: object) -> None:
    with pytest.raises(CommandError, match="open already"):
        _genesis_command(tmp_path)


def _genesis_command(tmp_path: object) -> None:
    call_command(
        "genesis",
        "--operator-gln=9506000100012",
        "--operator-name=Operations",
        "--operator-country=CH",
        "--operator-admin=otto@operator.example",
        "--regulator-gln=9501101000018",
        "--regulator-name=Authority",
        "--regulator-country=CH",
        f"--keys={tmp_path}",
        skip_checks=True,
    )


def _draft(stage: Stage) -> bytes:
    parties = [
        Authority(
            gln=player.gln,
            name=player.name,
            country=player.country,
            role=player.role,
            keys=(
                NamedKey(
                    public_key_of(stage.keyring.key_of(player)), player.admin.signer
                ),
            ),
        )
        for player in (OPERATOR, REGULATOR)
    ]
    return draft_genesis(
        operator=parties[0], authorities=(parties[1],), at=stage.tick()
    ).payload


def _office_keys(stage: Stage) -> list[PrivateKey]:
    return [stage.keyring.key_of(player) for player in (OPERATOR, REGULATOR)]


def test_no_partner_is_there_before_it_is_admitted(ledger: Stage) -> None:
    assert queries.find_partner(NOVAMED.gln) is None
