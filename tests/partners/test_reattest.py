"""What a suspect key signed is marked, listed, and said again by its party."""

from typing import Any

import pytest

from apps.core.bodies import KeyReattest
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import public_key_of
from apps.core.statement import Reference, Subject
from apps.ledger.formats import new_statement
from apps.ledger.operations import Accepted
from apps.partners import queries
from apps.partners.models import Reattestation, SigningKey
from pharmatrace.demo.signing import sign_statement
from pharmatrace.fsck import check_statements
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import envelope_of, rows
from tests.partners.lending import (
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
    say,
)
from tests.partners.suspicion import NILS, case, reattest, revoke, suspect_from


def forge(stage: Stage, *names: str, keyid: str, player: Any = NOVAMED) -> Accepted:
    """A key.reattest past every draft."""
    payload = new_statement(
        kind="key.reattest",
        by=player.gln,
        signer=player.admin.signer,
        meaning="says again what a suspect key signed",
        subjects=[Subject(bytes(queries.get_partner(player.gln).tag))],
        parents=[Reference(name) for name in names],
        body=KeyReattest(keyid).to_json(),
        at=stage.tick(),
        ledger=queries.get_genesis().origin,
    )
    return stage.send(sign_statement(payload, stage.keyring.key_of(player)))


def listed(stage: Stage, key: SigningKey) -> list[str]:
    key.refresh_from_db()
    return [row.id for row in queries.list_open_suspects(key=key, most=100)]


def refusal(code: str, kind: type[Exception] = MalformedInput) -> Any:
    return pytest.raises(kind, check=lambda error: error.code == code)


def test_what_was_signed_since_the_suspicion_is_marked_and_nothing_else(
    stage: Stage, key: SigningKey
) -> None:
    before = stage.act(NOVAMED, case(1), person=NILS).statement_id
    since = suspect_from(stage)
    after = [stage.act(NOVAMED, case(n), person=NILS).statement_id for n in (2, 3)]
    others = stage.act(NOVAMED, case(4)).statement_id
    assert queries.marks_of([before, *after, others]) == {}

    end = revoke(stage, key, suspect_since=since)

    marks = queries.marks_of([before, *after, others, end.statement_id, "0" * 64])
    assert set(marks) == set(after)
    assert all(mark.is_open and mark.key == key for mark in marks.values())
    assert listed(stage, key) == after[::-1]
    assert queries.count_suspect(actor=stage.actor(NOVAMED)) == 2
    assert queries.count_suspect(actor=stage.actor(STELLA)) == 0


def test_a_key_that_ended_without_suspicion_marks_nothing(
    stage: Stage, key: SigningKey
) -> None:
    said = stage.act(NOVAMED, case(1), person=NILS).statement_id

    revoke(stage, key)

    assert queries.marks_of([said]) == {}
    assert queries.count_suspect(actor=stage.actor(NOVAMED)) == 0


def test_the_revocation_that_a_key_signs_itself_is_not_suspect(
    stage: Stage, key: SigningKey
) -> None:
    wish = {
        "kind": "key.revoke",
        "keyid": key.keyid,
        "reason": "tablet lost",
        "suspect_since": "2027-01-01",
    }

    end = stage.act(NOVAMED, wish, person=NILS).statement_id

    assert queries.marks_of([end, key.enrolled_by]).keys() == {key.enrolled_by}


def test_a_device_key_with_the_voice_of_a_suspect_key_is_suspect(stage: Stage) -> None:
    passkey = enrol_passkey(stage, NOVAMED)
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    said = [say(stage, NOVAMED, case(n), device, lent).statement_id for n in (1, 2)]
    row = SigningKey.objects.get(keyid=passkey.public.keyid)

    revoke(stage, row, suspect_since="2027-03-01")

    assert set(queries.marks_of(said)) == set(said)
    assert listed(stage, row) == [*said[::-1], row.enrolled_by]


def test_one_act_says_it_again_and_the_mark_loses_its_colour(
    stage: Stage, key: SigningKey
) -> None:
    said = [stage.act(NOVAMED, case(n), person=NILS).statement_id for n in (1, 2, 3)]
    revoke(stage, key, suspect_since="2027-01-01")

    again = reattest(stage, key, *said[:2], note="Counted again.")

    marks = queries.marks_of(said)
    assert [marks[name].said_in for name in said] == [
        again.statement_id,
        again.statement_id,
        "",
    ]
    assert listed(stage, key) == [said[2], key.enrolled_by]
    assert again.tags == (bytes(queries.get_partner(NOVAMED.gln).tag).hex(),)
    assert list(check_statements(at=stage.at)) == []


def test_nothing_is_said_again_twice(stage: Stage, key: SigningKey) -> None:
    said = [stage.act(NOVAMED, case(n), person=NILS).statement_id for n in (1, 2)]
    revoke(stage, key, suspect_since="2027-01-01")
    reattest(stage, key, said[0])
    before = (rows(), Reattestation.objects.count())

    with refusal("said_again", LedgerConflict):
        reattest(stage, key, *said)

    assert (rows(), Reattestation.objects.count()) == before


def test_what_is_not_suspect_is_not_said_again(stage: Stage, key: SigningKey) -> None:
    early = stage.act(NOVAMED, case(1), person=NILS).statement_id
    since = suspect_from(stage)
    late = stage.act(NOVAMED, case(2), person=NILS).statement_id
    others = stage.act(NOVAMED, case(3)).statement_id
    end = revoke(stage, key, suspect_since=since).statement_id
    foreign = SigningKey.objects.get(partner__gln=STELLA.gln).enrolled_by
    before = (rows(), Reattestation.objects.count())

    said = set()
    for name in (early, others, end, foreign, "f" * 64):
        with refusal("not_suspect") as draft:
            reattest(stage, key, late, name)
        with refusal("not_suspect") as door:
            forge(stage, late, name, keyid=key.keyid)
        said |= {(each.value.got == name, each.value.wanted) for each in (draft, door)}

    assert len(said) == 1
    assert (rows(), Reattestation.objects.count()) == before


def test_a_key_of_nobody_or_of_others_is_not_spoken_of(
    stage: Stage, key: SigningKey
) -> None:
    said = stage.act(NOVAMED, case(1), person=NILS).statement_id
    admin = public_key_of(stage.keyring.key_of(NOVAMED)).keyid
    stella = public_key_of(stage.keyring.key_of(STELLA)).keyid

    for keyid in ("f" * 64, admin, key.keyid):
        with refusal("unknown_key"):
            forge(stage, said, keyid=keyid)
    with refusal("not_of_party", UntrustedSignature):
        forge(stage, said, keyid=stella)
    for keyid in ("f" * 64, admin, stella):
        with refusal("unknown_key"):
            stage.act(
                NOVAMED,
                {"kind": "key.reattest", "keyid": keyid, "statements": [said]},
            )
    assert not Reattestation.objects.exists()


def test_nobody_says_it_again_in_the_place_of_the_party(
    stage: Stage, key: SigningKey
) -> None:
    said = stage.act(NOVAMED, case(1), person=NILS).statement_id
    revoke(stage, key, suspect_since="2027-01-01")
    before = rows()

    for player in (STELLA, REGULATOR, OPERATOR):
        with refusal("not_of_party", UntrustedSignature):
            forge(stage, said, keyid=key.keyid, player=player)
    assert rows() == before


def test_the_suspect_key_itself_says_nothing_again(
    stage: Stage, key: SigningKey
) -> None:
    said = stage.act(NOVAMED, case(1), person=NILS).statement_id
    revoke(stage, key, suspect_since="2027-01-01")
    draft = queries.draft_reattest(
        wish={"kind": "key.reattest", "keyid": key.keyid, "statements": [said]},
        actor=stage.actor(NOVAMED, NILS),
        at=stage.tick(),
    )

    with refusal("revoked_key", UntrustedSignature):
        stage.send(envelope_of(draft.payload, [stage.keyring.key_of(NOVAMED, NILS)]))


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"statements": []}, "bad_length"),
        ({"statements": ["xyz"]}, "bad_hex"),
        ({"statements": ["0a" * 32] * 2}, "repeated_member"),
        ({"statements": "0a" * 32}, "wrong_type"),
        ({"keyid": "0a"}, "bad_hex"),
        ({"note": ""}, "bad_length"),
        ({"why": "x"}, "unknown_field"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(
    stage: Stage, key: SigningKey, wish: dict[str, Any], code: str
) -> None:
    said = {"kind": "key.reattest", "keyid": key.keyid, "statements": ["0a" * 32]}

    with refusal(code):
        stage.act(NOVAMED, said | wish)
