"""Keys that end while they are used, on real connections: the door against the replay.

Whatever the order in which statements and revocations reach the door, what it accepted
the replay accepts: a key signs what stands in the log before its end, and nothing else.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from apps.core.envelope import STATEMENT_TYPE, envelope_bytes, parse_envelope
from apps.core.errors import LedgerConflict, TraceError, UntrustedSignature
from apps.core.signing import PrivateKey, public_key_of
from apps.exchange import operations as exchange
from apps.ledger.models import Statement
from apps.ledger.operations import Accepted
from apps.partners import operations
from apps.partners.models import LentVoice, Reattestation, SigningKey
from pharmatrace.fsck import check_statements
from tests.cast import NOVAMED, OPERATOR, REGULATOR, Stage
from tests.custody.goods import sscc
from tests.custody.racing import at_once
from tests.partners.helpers import (
    draft_bytes,
    envelope_of,
    named_key,
    propose_licence,
)
from tests.partners.lending import (
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
    say_with,
)
from tests.partners.passkeys import Passkey

pytestmark = pytest.mark.django_db(transaction=True)

# A race is bounded by time: a slow machine plays fewer rounds of it, and three at least.
SECONDS = 6.0
ROUNDS = 12
_numbers = iter(range(1, 100_000))
Answer = Accepted | TraceError


def rounds() -> Iterator[random.Random]:
    end = time.monotonic() + SECONDS
    for number in range(ROUNDS):
        if number >= 3 and time.monotonic() > end:
            return
        yield random.Random(number)


def case() -> dict[str, object]:
    return {
        "kind": "event",
        "step": "new_container",
        "site": NOVAMED.sites[0].gln,
        "container": f"(00){sscc(next(_numbers))}",
    }


def send(
    stage: Stage, envelope: bytes, *, pause: float = 0.0
) -> Callable[[], Accepted]:
    at = stage.tick()

    def now() -> Accepted:
        time.sleep(pause)
        return exchange.submit(
            envelope=envelope, lines=None, at=at, origin=settings.LEDGER_ORIGIN
        )

    return now


def race(stage: Stage, dice: random.Random, envelopes: list[bytes]) -> list[Answer]:
    """All at once, in a shuffled order and a few milliseconds apart."""
    order = list(range(len(envelopes)))
    dice.shuffle(order)
    tasks = [
        send(stage, envelopes[n], pause=dice.choice((0, 0, 0.002, 0.01))) for n in order
    ]
    found = dict(zip(order, at_once(tasks), strict=True))
    for answer in found.values():
        assert not (isinstance(answer, LedgerConflict) and answer.code == "lost_race")
    return [found[n] for n in range(len(envelopes))]


def enrol(stage: Stage, key: PrivateKey) -> None:
    """A further key of Nora's: an administrator's."""
    payload = draft_bytes(stage, NOVAMED, {"kind": "key.enrol", **named_key(key)})
    stage.send(envelope_of(payload, [key, stage.keyring.key_of(NOVAMED)]))


def end_of(stage: Stage, keyid: str, by: PrivateKey, **wish: Any) -> bytes:
    said = {"kind": "key.revoke", "keyid": keyid, "reason": "lost", **wish}
    return envelope_of(draft_bytes(stage, NOVAMED, said), [by])


def place(answer: Answer) -> int:
    assert isinstance(answer, Accepted)
    return Statement.objects.get(pk=answer.statement_id).accept_no


def assert_replayed(stage: Stage) -> None:
    findings = list(check_statements(at=stage.at))
    assert findings == [], findings


def test_no_use_of_a_key_stands_behind_its_end(stage: Stage) -> None:
    """Keys of three kinds, their device keys, and what they enrol."""
    admin = stage.keyring.key_of(NOVAMED)
    for dice in rounds():
        key = dice.choice(
            (Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()))
        )
        enrol(stage, key)
        passkey = enrol_passkey(stage, NOVAMED)
        uses = _uses(stage, key, passkey)
        ends = [
            end_of(stage, public_key_of(key).keyid, dice.choice((admin, key))),
            end_of(stage, passkey.public.keyid, admin),
        ]

        answers = race(stage, dice, [*uses, *ends])

        end_of_key, end_of_passkey = map(place, answers[-2:])
        for number, answer in enumerate(answers[:-2]):
            end = end_of_key if number < 4 else end_of_passkey
            if isinstance(answer, TraceError):
                assert isinstance(answer, UntrustedSignature)
                assert answer.code == "revoked_key"
            else:
                assert place(answer) < end
    assert_replayed(stage)


def _uses(stage: Stage, key: PrivateKey, passkey: Passkey) -> list[bytes]:
    """Four statements that the key signs, and three with the passkey's voice."""
    new = Ed25519PrivateKey.generate()
    enrolment = draft_bytes(stage, NOVAMED, {"kind": "key.enrol", **named_key(new)})
    device, public = device_key()
    lent = lend(passkey, delegation_to(public, stage, NOVAMED))
    direct = draft_bytes(stage, NOVAMED, case())
    return [
        *(envelope_of(draft_bytes(stage, NOVAMED, case()), [key]) for _ in range(3)),
        envelope_of(enrolment, [new, key]),
        *(
            say_with(device, lent, draft_bytes(stage, NOVAMED, case()))
            for _ in range(2)
        ),
        envelope_bytes(passkey.sign_envelope(STATEMENT_TYPE, direct)),
    ]


def test_of_two_keys_that_end_each_other_one_remains(stage: Stage) -> None:
    for dice in rounds():
        one, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        enrol(stage, one)
        enrol(stage, other)
        ids = [public_key_of(key).keyid for key in (one, other)]

        answers = race(
            stage,
            dice,
            [end_of(stage, ids[1], one), end_of(stage, ids[0], other)],
        )

        refused = [each for each in answers if isinstance(each, TraceError)]
        assert [each.code for each in refused] == ["revoked_key"]
        alive = SigningKey.objects.filter(keyid__in=ids, revoked_ms=None)
        assert alive.count() == 1
    assert_replayed(stage)


def test_a_key_is_enrolled_and_ended_once(stage: Stage) -> None:
    admin = stage.keyring.key_of(NOVAMED)
    for dice in rounds():
        key = Ed25519PrivateKey.generate()
        wish = {"kind": "key.enrol", **named_key(key)}
        twice = [
            envelope_of(draft_bytes(stage, NOVAMED, wish), [key, admin])
            for _ in range(2)
        ]
        first = race(stage, dice, twice)
        keyid = public_key_of(key).keyid
        ends = [end_of(stage, keyid, by) for by in (admin, key)]
        second = race(stage, dice, ends)

        assert sum(isinstance(each, Accepted) for each in first) == 1
        assert {e.code for e in first if isinstance(e, TraceError)} == {"key_known"}
        assert sum(isinstance(each, Accepted) for each in second) == 1
        codes = {each.code for each in second if isinstance(each, TraceError)}
        assert codes <= {"key_revoked", "revoked_key"}
    assert_replayed(stage)


def test_the_first_that_shows_a_lent_voice_is_named(stage: Stage) -> None:
    passkey = enrol_passkey(stage, NOVAMED)
    for dice in rounds():
        device, public = device_key()
        lent = lend(passkey, delegation_to(public, stage, NOVAMED))
        said = [
            say_with(device, lent, draft_bytes(stage, NOVAMED, case()))
            for _ in range(4)
        ]

        answers = race(stage, dice, said)

        first = min(answers, key=place)
        assert isinstance(first, Accepted)
        voice = LentVoice.objects.get(device_keyid=public.keyid)
        assert voice.seen_in == first.statement_id
    assert_replayed(stage)


def test_a_statement_is_said_again_once(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    enrol(stage, key)
    said = [
        stage.send(envelope_of(draft_bytes(stage, NOVAMED, case()), [key]))
        for _ in range(ROUNDS)
    ]
    keyid = public_key_of(key).keyid
    admin = stage.keyring.key_of(NOVAMED)
    stage.send(end_of(stage, keyid, admin, suspect_since="2027-01-01"))
    for dice, each in zip(rounds(), said, strict=False):
        wish = {
            "kind": "key.reattest",
            "keyid": keyid,
            "statements": [each.statement_id],
        }
        twice = [
            envelope_of(draft_bytes(stage, NOVAMED, wish), [admin]) for _ in range(3)
        ]

        answers = race(stage, dice, twice)

        assert sum(isinstance(answer, Accepted) for answer in answers) == 1
        codes = {answer.code for answer in answers if isinstance(answer, TraceError)}
        assert codes == {"said_again"}
        again = Reattestation.objects.filter(statement_id=each.statement_id)
        assert again.count() == 1
    assert_replayed(stage)


def test_a_proposal_is_recorded_or_withdrawn(stage: Stage) -> None:
    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
    regulator = stage.actor(REGULATOR)
    for dice in rounds():
        proposal = propose_licence(stage)
        signed = parse_envelope(bytes(proposal.envelope))
        envelope = envelope_of(signed.payload, keys)
        at = stage.tick()

        def withdraw(proposal_id: int = proposal.pk, at: Any = at) -> None:
            operations.withdraw_proposal(
                actor=regulator, proposal_id=proposal_id, at=at
            )

        tasks: list[Callable[[], object]] = [send(stage, envelope), withdraw]
        dice.shuffle(tasks)
        answers = at_once(tasks)

        proposal.refresh_from_db()
        refused = [each.code for each in answers if isinstance(each, TraceError)]
        is_recorded = Statement.objects.filter(pk=proposal.statement_id).exists()
        assert proposal.outcome == ("recorded" if is_recorded else "withdrawn")
        assert refused == ["unknown_proposal" if is_recorded else "proposal_withdrawn"]
    assert_replayed(stage)
