import pytest

from apps.core.encoding import parse_time_ms
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import public_key_of
from apps.core.statement import parse_statement
from apps.core.strict import format_base64
from apps.partners import queries
from apps.partners.models import Licence, SigningKey, Site, TradingPartner
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, TRANSPHARM, Stage
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows

LICENCE = {
    "kind": "party.licence",
    "gln": STELLA.gln,
    "role": "pharmacy",
    "from": "2020-01-01",
}


def _admission(stage: Stage) -> bytes:
    public = public_key_of(stage.keyring.key_of(STELLA))
    wish = {
        "kind": "party.admit",
        "gln": STELLA.gln,
        "name": STELLA.name,
        "country": "DE",
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
        "signer": STELLA.admin.signer,
    }
    return draft_bytes(stage, REGULATOR, wish)


def test_an_admitted_partner_has_an_admin_key_and_no_role(ledger: Stage) -> None:
    accepted = ledger.admit(STELLA)

    partner = TradingPartner.objects.get(gln=STELLA.gln)
    key = SigningKey.objects.get(partner=partner)
    assert (partner.role, partner.admitted_by) == ("", accepted.statement_id)
    assert (key.role, key.signer) == ("admin", STELLA.admin.signer)
    assert {partner.tag.hex(), key.tag.hex()} == set(accepted.tags)


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        (OPERATOR, "operator_missing"),
        (REGULATOR, "not_of_party"),
        (STELLA, "possession_missing"),
    ],
)
def test_an_admission_wants_all_three_signatures(
    ledger: Stage, missing: object, code: str
) -> None:
    payload = _admission(ledger)
    signers = [each for each in (OPERATOR, REGULATOR, STELLA) if each is not missing]
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        ledger.send(envelope_of(payload, [ledger.keyring.key_of(p) for p in signers]))

    assert refused.value.code == code
    assert rows() == before


def test_a_partner_is_admitted_once(stage: Stage) -> None:
    payload = _admission(stage)
    signers = (OPERATOR, REGULATOR, STELLA)
    before = rows()

    with pytest.raises(LedgerConflict) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(p) for p in signers]))

    assert refused.value.code == "partner_known"
    assert rows() == before


def test_a_partner_cannot_admit_another(stage: Stage) -> None:
    payload = altered(
        draft_bytes(stage, REGULATOR, LICENCE),
        by=TRANSPHARM.gln,
        signer=TRANSPHARM.admin.signer,
    )
    keys = [stage.keyring.key_of(p) for p in (OPERATOR, TRANSPHARM)]
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, keys))

    assert refused.value.code == "not_an_authority"
    assert rows() == before


def test_the_regulator_alone_licenses_nobody(stage: Stage) -> None:
    payload = draft_bytes(stage, REGULATOR, LICENCE)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(REGULATOR)]))

    assert refused.value.code == "operator_missing"
    assert rows() == before


def test_a_licence_outside_its_partys_chain_is_refused(stage: Stage) -> None:
    drafted = draft_bytes(stage, REGULATOR, LICENCE)
    other = draft_bytes(stage, REGULATOR, LICENCE | {"gln": NOVAMED.gln})
    payload = altered(drafted, subjects=_subjects(other))
    keys = [stage.keyring.key_of(p) for p in (OPERATOR, REGULATOR)]

    with pytest.raises(MalformedInput) as refused:
        stage.send(envelope_of(payload, keys))

    assert refused.value.code == "wrong_subjects"


def test_the_newest_licence_of_a_role_counts(stage: Stage) -> None:
    stage.license(STELLA, suspended=True)

    history = Licence.objects.filter(partner__gln=STELLA.gln).order_by("id")
    assert [row.is_current for row in history] == [False, True]
    assert [row.is_suspended for row in history] == [False, True]
    at_ms = int(stage.at.timestamp() * 1000)
    assert queries.licences_at(gln=STELLA.gln, ms=at_ms) == []
    assert queries.law_party(STELLA.gln).licences[0].is_suspended


def test_a_licence_counts_within_its_window(stage: Stage) -> None:
    window = {"from": "2027-05-01", "to": "2027-06-01"}
    stage.license(STELLA, **window)

    days = ("2027-04-30", "2027-05-01", "2027-05-31", "2027-06-01")
    found = [queries.licences_at(gln=STELLA.gln, ms=_ms(day)) for day in days]
    assert [len(licences) for licences in found] == [0, 1, 1, 0]


def test_sites_are_those_of_the_current_licences(stage: Stage) -> None:
    stage.license(NOVAMED, sites=["9521568000024 Freiburg, hall 2"])

    sites = Site.objects.filter(partner__gln=NOVAMED.gln)
    assert [(site.gln, site.name) for site in sites] == [
        ("9521568000024", "Freiburg, hall 2")
    ]
    assert queries.law_party(NOVAMED.gln).sites == frozenset({"9521568000024"})


def test_a_site_belongs_to_one_party(stage: Stage) -> None:
    before = rows()

    with pytest.raises(MalformedInput) as refused:
        stage.license(STELLA, sites=["9521568000024 mine now"])

    assert refused.value.code == "site_taken"
    assert rows() == before


def test_a_suspended_office_is_no_office(stage: Stage) -> None:
    stage.license(STELLA, role="regulator")
    assert stage.actor(STELLA).is_regulator

    stage.license(STELLA, role="regulator", suspended=True)
    assert not stage.actor(STELLA).is_regulator
    assert stage.actor(STELLA).partner.role == "pharmacy"


def _subjects(payload: bytes) -> object:
    return parse_statement(payload).subjects


def _ms(day: str) -> int:
    return parse_time_ms(f"{day}T00:00:00.000Z", field="")
