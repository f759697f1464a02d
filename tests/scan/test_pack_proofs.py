"""The proof of a scanned pack: who gets what, and that an outsider's tools accept it."""

import json

import pytest
from django.core.cache import cache

from apps.anchoring import operations
from apps.anchoring import queries as anchoring
from apps.core.keyring import build_keyring
from apps.core.packproof import SaidStep, ShownStep, parse_pack_proof
from apps.core.packs import verify_pack_proof, verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import parse_code_text
from apps.custody.models import Commissioning
from apps.ledger.models import Statement
from apps.scan import queries
from pharmatrace.demo.cast import LINDE, MARKT, NOVAMED, REGULATOR, STELLA, TRANSPHARM
from tests.custody.goods import pack, site
from tests.scan.packs import LOT, code


@pytest.fixture
def anchored(chain, settings, tmp_path):
    """The chain's story in a log of its own, under one checkpoint."""
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    operations.sequence(at=chain.stage.tick())
    return chain


def policy():
    return Policy.parse(anchoring.read_policy())


def file_for(chain, player, number=1, **changes):
    verdict = chain.scan(chain.code(number, **changes), player)
    return queries.find_pack_file(verdict, actor=chain.actor(player))


def verified(data):
    """What the file shows from genesis on."""
    proof = parse_pack_proof(data)
    shown = [each.proof for each in proof.history if isinstance(each, ShownStep)]
    envelopes = [key for each in (proof.statement, *shown) for key in each.keys]
    genesis = Statement.objects.get(kind="genesis").id
    ring = build_keyring(envelopes, genesis_id=genesis)
    return verify_pack_proof(proof=proof, policy=policy(), ring=ring)


def steps_of(data):
    """(what, is shown) of every later step."""
    history = parse_pack_proof(data).history
    return [
        (each.what, False) if isinstance(each, SaidStep) else ("", True)
        for each in history
    ]


@pytest.mark.parametrize(
    ("player", "steps"),
    [
        (NOVAMED, [True, False]),
        (TRANSPHARM, [True, True, True, False]),
        (STELLA, [False, False, True, True]),
        (REGULATOR, [True, True, True, True]),
    ],
)
def test_a_pack_is_proven_with_the_steps_that_its_asker_may_read(
    anchored, player, steps
):
    data = file_for(anchored, player)
    shown = verified(data)

    assert shown.is_signer_known
    assert (shown.pack.serial, shown.pack.lot, shown.by) == (
        anchored.names[1],
        LOT,
        NOVAMED.gln,
    )
    assert [is_shown for _, is_shown in steps_of(data)] == steps
    found = [each.is_shown for each in shown.findings if each.step == 13]
    assert found == steps


def test_a_step_that_is_only_said_names_nobody(anchored):
    document = json.loads(file_for(anchored, STELLA))
    said = [step["said"] for step in document["history"] if "said" in step]

    assert said == [
        {
            "what": "shipping",
            "day": "2027-03-01",
            "role": "manufacturer",
            "country": "DE",
        },
        {
            "what": "receiving",
            "day": "2027-03-01",
            "role": "wholesaler",
            "country": "DE",
        },
    ]
    # Its own supplier's despatch is Stella's to read; what that one did before is not.
    text = json.dumps(document["history"][:2])
    assert NOVAMED.gln not in text
    assert TRANSPHARM.gln not in text


def test_whoever_has_the_whole_code_gets_the_making_and_nothing_after_it(anchored):
    data = file_for(anchored, MARKT)

    assert verified(data).pack.serial == anchored.names[1]
    assert parse_pack_proof(data).history == ()


@pytest.mark.parametrize(
    "text",
    [
        "(01)09521568251204(21){serial}",
        "(01)09521568251204(10)A123(21){serial}",
        "(01)09521568251204(17)290228(21){serial}",
    ],
)
def test_a_stranger_without_the_whole_code_gets_nothing(anchored, text):
    verdict = anchored.scan(text.format(serial=anchored.names[1]), LINDE)

    assert not queries.may_prove(verdict)
    assert queries.find_pack_file(verdict, actor=anchored.actor(LINDE)) is None
    assert queries.find_pack_code(verdict) is None


@pytest.mark.parametrize("player", [STELLA, NOVAMED, REGULATOR, MARKT])
@pytest.mark.parametrize(
    "changes", [{"lot": "B999"}, {"expiry": "290328"}, {"lot": "a123"}]
)
def test_a_doubtful_code_is_proven_to_nobody(anchored, player, changes):
    assert file_for(anchored, player, **changes) is None


@pytest.mark.parametrize("player", [STELLA, REGULATOR])
def test_an_unknown_serial_is_proven_to_nobody(anchored, player):
    verdict = anchored.scan(code("S1K7q99"), player)

    assert queries.find_pack_file(verdict, actor=anchored.actor(player)) is None
    assert queries.find_pack_code(verdict) is None


def test_until_it_is_anchored_there_is_no_proof(chain, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"

    assert file_for(chain, STELLA) is None
    verdict = chain.scan(chain.code(1), STELLA)
    assert queries.may_prove(verdict)
    assert queries.find_pack_code(verdict) is None


def test_the_code_shows_what_the_file_shows(anchored):
    verdict = anchored.scan(anchored.code(1), STELLA)
    code = queries.find_pack_code(verdict)
    genesis = Statement.objects.get(kind="genesis").id
    keys = parse_pack_proof(file_for(anchored, STELLA)).statement.keys
    ring = build_keyring(keys, genesis_id=genesis)

    shown = verify_proof_code(
        code=parse_code_text(code.text), policy=policy(), ring=ring
    )
    file = verified(file_for(anchored, STELLA))
    assert (shown.pack, shown.by, shown.index) == (file.pack, file.by, file.index)
    assert code.size_bytes < 1_200
    assert code.shown.pack == file.pack


def test_every_pack_of_two_commissionings_is_proven(chain, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    more = [f"S2K7q{n:02}" for n in range(5)]
    chain.commission(names=more, count=5)
    operations.sequence(at=chain.stage.tick())

    for serial in (*chain.names, *more):
        verdict = chain.scan(code(serial), NOVAMED)
        data = queries.find_pack_file(verdict, actor=chain.actor(NOVAMED))
        assert verified(data).pack.serial == serial
    bases = Commissioning.objects.order_by("base").values_list("base", "size")
    assert list(bases) == [(0, 12), (12, 5)]


def test_a_step_in_a_file_of_events_is_shown_by_its_line(chain, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    chain.commission(lot="B456", names=["OTHER1", "OTHER2"], count=2)
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    items = [[chain.epc(6)], [pack("OTHER1")], [chain.epc(7), chain.epc(9)]]
    events = [
        {"step": "ship", "site": site(NOVAMED), "items": each, "to": to}
        for each in items
    ]
    chain.stage.act(NOVAMED, {"kind": "events", "events": events})
    operations.sequence(at=chain.stage.tick())

    for number, line, index in ((6, 0, 0), (9, 2, 1)):
        data = file_for(chain, NOVAMED, number)
        (step,) = parse_pack_proof(data).history
        assert (step.line.line.number, step.line.index) == (line, index)
        assert len(step.line.path) == 1
        assert [each.is_shown for each in verified(data).findings][-2] is True
    # A file may speak to several partners: to its addressee it is only said.
    data = file_for(chain, TRANSPHARM, 6)
    assert steps_of(data) == [("shipping", False)]


@pytest.mark.parametrize("kept", [b"", b"x" * 32, bytes(64), "text", 5])
def test_what_lies_in_the_cache_is_never_believed(anchored, kept):
    row = Commissioning.objects.get()
    cache.set(f"serial-blocks:{row.statement_id}", kept)

    assert verified(file_for(anchored, STELLA)).pack.serial == anchored.names[1]
