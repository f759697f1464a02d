"""Keys, recalls, lots and drafts beside goods that move at the same moment."""

import pytest

from apps.catalog import queries as catalog
from apps.core.errors import MalformedInput, TraceError, UntrustedSignature
from apps.core.signing import public_key_of
from apps.custody import operations, queries
from apps.custody.models import Container, SerialNumber
from apps.exchange import queries as drafts
from apps.ledger.models import Statement
from apps.ledger.operations import Accepted
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import EXPIRY, Goods, box, pack, packs, serials, site, sscc
from tests.custody.mallory import verify_whole
from tests.custody.racing import Signed, at_once, race, signed, signed_wish, winners
from tests.recalls.calls import wish as recall_wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=60)
    return told


def order(answer: Accepted | TraceError) -> int:
    assert isinstance(answer, Accepted)
    return Statement.objects.get(pk=answer.statement_id).accept_no


def test_nothing_stands_behind_the_revocation_of_its_key(goods: Goods) -> None:
    person = NOVAMED.people[1]
    goods.stage.enrol(NOVAMED, person)
    key = goods.stage.keyring.key_of(NOVAMED, person)
    uses = [_signed_by(goods, person, pack(name)) for name in serials(12)]
    wish = {
        "kind": "key.revoke",
        "keyid": public_key_of(key).keyid,
        "reason": "tablet lost",
    }
    end = signed_wish(goods, NOVAMED, wish)

    answers = race(goods, *uses[:6], end, *uses[6:])

    last = order(answers[6])
    for answer in answers[:6] + answers[7:]:
        if isinstance(answer, UntrustedSignature):
            assert answer.code == "revoked_key"
        else:
            assert order(answer) < last
    verify_whole(goods)


def _signed_by(goods: Goods, person, item: str) -> Signed:
    stage = goods.stage
    wish = {
        "kind": "event",
        "step": "sample",
        "site": site(NOVAMED),
        "items": [item],
    }
    actor = stage.actor(NOVAMED, person)
    draft = drafts.draft(wish=wish, actor=actor, at=stage.tick())
    return sign_statement(draft.payload, stage.keyring.key_of(NOVAMED, person)), None


def test_no_despatch_and_no_supply_stands_behind_a_recall(goods: Goods) -> None:
    for number in range(4):
        lot = f"R{number}"
        names = [f"{lot}-{n}" for n in range(4)]
        goods.commission(lot=lot, names=names)
        goods.deliver(packs(names[:2]))
        recall = signed_wish(goods, NOVAMED, recall_wish(lot))
        answers = race(
            goods,
            signed(goods, STELLA, "dispense", items=packs(names[:1])),
            signed(goods, STELLA, "dispense", items=packs(names[1:2])),
            recall,
            signed(
                goods,
                NOVAMED,
                "ship",
                items=packs(names[2:]),
                to={"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)},
            ),
        )
        begins = order(answers[2])
        for answer in (answers[0], answers[1], answers[3]):
            if isinstance(answer, TraceError):
                assert answer.code == "recalled"
            else:
                assert order(answer) < begins
        found = queries.find_unit(gtin=AMOXIL.gtin, serial=names[3])
        assert found is not None
        assert found.is_recalled

    verify_whole(goods, "A1", "R0", "R1", "R2", "R3")


def test_a_suspension_stands_before_or_behind_a_despatch(goods: Goods) -> None:
    wish = {
        "kind": "party.licence",
        "gln": TRANSPHARM.gln,
        "role": TRANSPHARM.role,
        "gs1_prefixes": list(TRANSPHARM.prefixes),
        "sites": [{"gln": site(TRANSPHARM), "name": "hub"}],
        "scope": ["*"],
        "from": "2020-01-01",
        "suspended": True,
    }
    stage = goods.stage
    from pharmatrace.demo.cast import OPERATOR, REGULATOR

    draft = drafts.draft(wish=wish, actor=stage.actor(REGULATOR), at=stage.tick())
    offices = [stage.keyring.key_of(office) for office in (OPERATOR, REGULATOR)]
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    despatches = [
        signed(goods, NOVAMED, "ship", items=[pack(name)], to=to) for name in serials(6)
    ]

    answers = race(
        goods,
        *despatches[:3],
        (sign_statement(draft.payload, *offices), None),
        *despatches[3:],
    )

    ends = order(answers[3])
    for answer in answers[:3] + answers[4:]:
        if isinstance(answer, TraceError):
            assert answer.code == "addressee_not_licensed"
        else:
            assert order(answer) < ends
    verify_whole(goods)


def _staged(goods: Goods, lot: str, names: list[str]) -> Signed:
    stage = goods.stage
    staging = operations.stage_serials(
        product=catalog.get_product(AMOXIL.gtin),
        partner=partners.get_partner(NOVAMED.gln),
        lot=lot,
        expiry_date=EXPIRY,
        serials=names,
        at=stage.tick(),
    )
    draft = queries.draft_commissioning(
        staging_id=staging.pk,
        site=site(NOVAMED),
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    return sign_statement(draft.payload, stage.keyring.key_of(NOVAMED)), None


def test_a_lot_grows_by_one_file_at_a_time(goods: Goods) -> None:
    for number in range(5):
        lot = f"G{number}"
        files = [_staged(goods, lot, [f"{lot}-{n}-{k}" for k in range(5)])
                 for n in range(4)]  # fmt: skip
        answers = race(goods, *files)
        assert len(winners(answers)) == 1
        codes = {a.code for a in answers if isinstance(a, TraceError)}
        assert codes <= {"base_moved", "serials_not_staged"}
        assert goods.batch(lot).size == 5

    verify_whole(goods, "A1", "G0", "G4")


def test_a_serial_is_made_once(goods: Goods) -> None:
    for number in range(5):
        name = f"TWIN{number}"
        files = [_staged(goods, f"T{number}-{n}", [name, f"{name}-{n}"])
                 for n in range(4)]  # fmt: skip
        opened = signed(goods, NOVAMED, "new_container", container=pack(name))
        answers = race(goods, *files, opened)
        assert len(winners(answers)) == 1
        is_pack = SerialNumber.objects.filter(serial=name).exists()
        assert is_pack != Container.objects.filter(epc=pack(name)).exists()

    verify_whole(goods)


def test_a_container_number_is_opened_once_and_nests_in_no_loop(goods: Goods) -> None:
    for number in range(1, 9, 2):
        opened = [
            signed(goods, NOVAMED, "new_container", container=box(n))
            for n in (number, number, number + 1)
        ]
        assert len(winners(race(goods, *opened))) == 2
        loop = [
            signed(goods, NOVAMED, "pack", container=box(a), items=[box(b)])
            for a, b in ((number, number + 1), (number + 1, number))
        ]
        assert len(winners(race(goods, *loop))) == 1

    verify_whole(goods)


def test_drafts_of_files_do_not_stand_in_each_others_way(goods: Goods) -> None:
    stage = goods.stage
    goods.deliver(packs(serials(6, 40)))
    at, home = stage.tick(), {"site": site(NOVAMED)}

    def wish(number: int) -> dict[str, object]:
        own = packs(serials(8))
        return {
            "kind": "events",
            "events": [
                {**home, "step": "new_container", "container": sscc(number % 2 + 1)},
                {**home, "step": "sample", "items": own[number : number + 1]},
                {**home, "step": "pack", "container": sscc(number % 2 + 1),
                 "items": own[number + 1 :]},
            ],
        }  # fmt: skip

    def counter(number: int) -> dict[str, object]:
        items = packs(serials(1, 40 + number))
        return {
            "kind": "events",
            "events": [
                {"site": site(STELLA), "step": "dispense", "items": items},
                {"site": site(STELLA), "step": "undo", "parents": ["#0"]},
            ][: 1 + number % 2],
        }

    before = Statement.objects.count()
    tasks = [(NOVAMED, wish(number)) for number in range(6)]
    tasks += [(STELLA, counter(0)), (STELLA, counter(2))]
    actors = {player.slug: stage.actor(player) for player, _ in tasks}
    answers = at_once(
        [
            lambda player=player, said=said: drafts.draft(
                wish=said, actor=actors[player.slug], at=at
            )
            for player, said in tasks
        ]
    )

    assert [a for a in answers if isinstance(a, MalformedInput)] == []
    assert [a for a in answers if isinstance(a, TraceError)] == []
    assert Statement.objects.count() == before
    verify_whole(goods)
