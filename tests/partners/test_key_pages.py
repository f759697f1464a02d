"""Pages about keys: their history with proofs, shifts, invitations that wait."""

from typing import Any

from django.utils import timezone

from apps.anchoring.operations import sequence
from apps.partners.models import (
    KeyRequest,
    ReadAudit,
    SigningKey,
)
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import read
from tests.partners.lending import (
    enrol_passkey,
)

NILS = NOVAMED.people[1]
PLANT = NOVAMED.sites[0].gln


def test_the_history_names_entry_time_approver_and_proof(
    now: Stage, browse: Any, settings: Any, tmp_path: Any
) -> None:
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    now.enrol(NOVAMED, NILS)
    key = SigningKey.objects.get(signer=NILS.signer)
    waiting = read(browse(NOVAMED), "/organisation/keys")
    assert "waits" in waiting
    now.act(
        NOVAMED,
        {
            "kind": "key.revoke",
            "keyid": key.keyid,
            "reason": "tablet lost",
            "suspect_since": "2026-01-01",
        },
    )
    while sequence(at=timezone.now()):
        pass

    shown = read(browse(NOVAMED), "/organisation/keys")

    assert "Nora Vogt, Novamed" in shown  # who co-signed Nils's key, and ended it
    assert "tablet lost" in shown
    assert "suspect since" in shown
    for part in ("/ledger/entries/", "/proof"):
        assert part in shown
    assert f"/ledger/statements/{key.enrolled_by}" in shown
    links = [line for line in shown.split('"') if line.endswith("/proof")]
    assert len(links) == 3  # Nora's key, Nils's, and its end
    assert browse(NOVAMED).get(links[0]).status_code == 200


def test_offices_read_the_history_of_all_and_it_is_noted(
    now: Stage, browse: Any
) -> None:
    KeyRequest.objects.create(
        partner=now.actor(NOVAMED).partner,
        user=now.actor(NOVAMED).user,
        keyid=SigningKey.objects.get(partner__gln=NOVAMED.gln).keyid,
        label="Nora's own tablet",
        envelope=b"",
        created_at=now.at,
    )
    own = read(browse(NOVAMED), "/organisation/keys")
    regulators = read(browse(REGULATOR), f"/partners/{NOVAMED.gln}/keys")
    operators = read(browse(OPERATOR), f"/partners/{NOVAMED.gln}/keys")

    assert "tablet" in own
    for shown in (regulators, operators):
        assert "Keys of Novamed" in shown
        assert "tablet" not in shown
    assert browse(STELLA).get(f"/partners/{NOVAMED.gln}/keys").status_code == 403
    assert browse(REGULATOR).get("/partners/9501101000025/keys").status_code == 404
    noted = ReadAudit.objects.filter(action="partners.keys", subject=NOVAMED.gln)
    assert noted.count() == 1


def test_a_passkeys_flags_are_told(now: Stage, browse: Any) -> None:
    enrol_passkey(now, NOVAMED)

    assert "a passkey bound to one device" in read(
        browse(NOVAMED), "/organisation/keys"
    )


def test_the_history_costs_no_more_for_more_keys(
    now: Stage, browse: Any, django_assert_max_num_queries: Any
) -> None:
    client = browse(NOVAMED)
    enrol_passkey(now, NOVAMED)
    read(client, "/organisation/keys")
    for _ in range(3):
        enrol_passkey(now, NOVAMED)

    with django_assert_max_num_queries(45):
        read(client, "/organisation/keys")
