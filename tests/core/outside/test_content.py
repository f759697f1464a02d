"""A ledger that took in what its door should have refused: step 3 says so."""

import hashlib
from dataclasses import replace

import pytest

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.encoding import format_time_ms
from apps.core.envelope import envelope_json, statement_id
from apps.core.epcis import event_json
from apps.core.errors import ProofError
from apps.core.events import events_root, line_leaf
from apps.core.keyring import build_keyring
from apps.core.outside import verify as command
from apps.core.prooffile import parse_proof_file
from apps.core.ranges import set_digest
from apps.core.subjects import EventsRoot, Moved, Subject
from apps.core.verify import verify_statement
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_lies import KEYS, POLICY, refused_at, verify, world
from tests.core.signing.epcis_cast import EVENTS

DAY, MINUTES = 86_400_000, 60_000
TAG = hashlib.sha256(b"a tag").digest()
NOTHING = Moved(0, set_digest(()))


@pytest.mark.parametrize(
    ("at_ms", "expires_ms", "code"),
    [
        (cast.AT - 2 * DAY, cast.AT - DAY, "statement_expired"),
        (cast.AT - DAY, cast.AT - 1, "statement_expired"),
        (cast.AT - DAY, cast.AT, None),
        (cast.AT + 5 * MINUTES, cast.AT + DAY, None),
        (cast.AT + 5 * MINUTES + 1, cast.AT + DAY, "from_the_future"),
        (cast.AT + 30 * DAY, cast.AT + 31 * DAY, "from_the_future"),
    ],
)
def test_a_statement_was_accepted_in_its_time(at_ms, expires_ms, code):
    said = cast.commission()
    body = {**said.body, "eventTime": format_time_ms(at_ms)}
    said = replace(said, at_ms=at_ms, expires_ms=expires_ms, body=body)
    ledger = world(said, "nils")

    if code is None:
        verify(ledger)
    else:
        assert refused_at(ledger) == (3, code)


@pytest.mark.parametrize(
    "body",
    [
        {"hello": "world"},
        {},
        {**cast.commission().body, "bizStep": "juggling"},
        {**cast.commission().body, "eventTime": "2026-03-03T09:00:00.000Z"},
    ],
)
def test_what_is_no_event_of_ours_is_refused(body):
    ledger = world(replace(cast.commission(), body=body), "nils")

    step, _ = refused_at(ledger)
    assert step == 3


def test_an_event_says_what_its_subject_says():
    said = cast.commission()
    other = replace(said.subjects[0].serials, lot="B999")
    subjects = (replace(said.subjects[0], serials=other),)

    assert refused_at(world(replace(said, subjects=subjects), "nils")) == (
        3,
        "event_mismatch",
    )


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("party.licence", {"x": 1}),
        ("party.licence", {}),
        ("product.register", {"gtin": "09521568251204"}),
        ("key.revoke", {"keyid": "x", "reason": "lost"}),
        ("recall.open", {"gtin": "09521568251204"}),
    ],
)
def test_a_body_is_one_of_its_kind(kind, body):
    said = cast.statement(kind, cast.NOVAMED, "nils", [cast.party(cast.NOVAMED)], body)

    step, _ = refused_at(world(said, "nils"))
    assert step == 3


def lines_of(*names):
    return b"".join(
        canonical_bytes({"event": event_json(EVENTS[name]), "parents": []}) + b"\n"
        for name in names
    )


def file_statement(lines, root):
    subject = Subject(TAG, events=root)
    body = EventsFile.of(lines).to_json()
    return cast.statement("events", cast.NOVAMED, "nils", [subject], body)


BOXES = lines_of("commission_container", "commission_container")
MIXED = lines_of("commission_container", "dispense")
LEAVES = [
    line_leaf(
        number=number,
        event=event_json(EVENTS["commission_container"]),
        parents=(),
        moved=NOTHING,
    )
    for number in range(2)
]
ROOT = events_root(LEAVES)


def judged(ledger, *files):
    proof = parse_proof_file(cast.dumped(ledger.proof("last", keys=KEYS)))
    genesis_id = statement_id(ledger.said["genesis"][0])
    ring = build_keyring([*proof.keys, proof.envelope], genesis_id=genesis_id)
    shown = {hashlib.sha256(file).hexdigest(): file for file in files}
    found = verify_statement(proof=proof, policy=POLICY, ring=ring, files=shown)
    return [(each.is_shown, each.text) for each in found if each.step == 3][1:]


def test_a_file_that_was_not_shown_is_said_to_be_so():
    ledger = world(file_statement(BOXES, ROOT), "nils")

    assert judged(ledger) == [(False, "its file of 2 event(s) was not shown")]
    assert judged(ledger, MIXED)[0][0] is False


def test_a_file_of_new_containers_is_checked_to_its_root():
    ledger = world(file_statement(BOXES, ROOT), "nils")

    assert [is_shown for is_shown, _ in judged(ledger, BOXES)] == [True, True]


def test_a_file_that_moves_packs_is_checked_to_its_digest():
    ledger = world(file_statement(MIXED, EventsRoot(2, ROOT.root)), "nils")

    (_, text), (is_shown, rest) = judged(ledger, MIXED)
    assert text == "the file of 2 event(s) is the one that was signed"
    assert not is_shown
    assert rest.startswith("1 root(s) over the lines not checked")


@pytest.mark.parametrize(
    ("lines", "root", "code"),
    [
        (BOXES, EventsRoot(2, b"\x05" * 32), "subjects_differ"),
        (BOXES, events_root(LEAVES[::-1]), "subjects_differ"),
        (BOXES, EventsRoot(1, ROOT.root), "subjects_differ"),
        (MIXED, EventsRoot(1, ROOT.root), "subjects_differ"),
        (b'{"event":{"hello":"world"},"parents":[]}\n' * 2, ROOT, None),
        (BOXES[:-1] + b" \n", ROOT, None),
        (BOXES.replace(b"2026-03-02", b"2026-03-03"), ROOT, "event_mismatch"),
    ],
)
def test_a_file_that_should_not_have_been_accepted(lines, root, code):
    ledger = world(file_statement(lines, root), "nils")

    with pytest.raises(ProofError) as caught:
        judged(ledger, lines)

    assert caught.value.step == 3
    assert code in {None, caught.value.code}


def test_a_root_is_not_larger_than_its_file():
    ledger = world(file_statement(BOXES, EventsRoot(3, ROOT.root)), "nils")

    assert refused_at(ledger) == (3, "body_mismatch")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (BOXES, 0),
        (BOXES.replace(b"+01:00", b"+02:00"), 1),
        (BOXES + BOXES, 1),
        (MIXED, 1),
        (BOXES[:-1], 1),
    ],
)
def test_the_command_takes_the_file_and_refuses_forged_lines(
    tmp_path, capsys, lines, code
):
    ledger = world(file_statement(BOXES, ROOT), "nils")
    proof, policy = tmp_path / "proof.json", tmp_path / "policy"
    policy.write_bytes(cast.POLICY)
    proof.write_bytes(cast.dumped(ledger.proof("last", keys=KEYS)))
    (tmp_path / "events.ndjson").write_bytes(lines)
    (tmp_path / "keys.json").write_bytes(
        cast.dumped(envelope_json(ledger.said["genesis"][0]))
    )
    names = [proof, tmp_path / "events.ndjson", tmp_path / "keys.json"]

    ended = command.run([*map(str, names), "--policy", str(policy)])

    out, err = capsys.readouterr()
    assert ended == code
    assert ("is the one that was signed" in out) == (code == 0)
    assert code == 0 or err.startswith("step 3 failed: ")
