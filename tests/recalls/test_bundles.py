"""Bundles of the real site, checked by the outsider's verifier."""

import base64
import re
import zipfile

import pytest

from apps.custody.queries.bundled import replayed
from apps.recalls.models import Bundle
from apps.recalls.operations import bundle_files
from apps.recalls.queries.bundles import (
    path_of,
    scope_of_lot,
    scope_of_recall,
)
from pharmatrace.demo.cast import (
    AMOXIL,
    LINDE,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, site
from tests.recalls.bundling import built, checked, lot_of, places
from tests.recalls.calls import answer, open_recall, packs, serials, spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


def test_the_regulator_gets_all_of_a_lot(stage: Stage) -> None:
    goods = spread(stage)

    report = checked(built(stage, lot_of(stage, REGULATOR)))

    assert report.form == "whole"
    assert dict(places(report)) == goods.where()
    assert {each.gln for each in report.signers} >= {
        NOVAMED.gln,
        TRANSPHARM.gln,
        STELLA.gln,
    }


def test_cases_pallets_files_and_parts_are_followed(stage: Stage) -> None:
    goods = Goods(stage)
    goods.commission(count=40)
    goods.commission(lot="B1", names=[f"B{n:05}" for n in range(20)])
    names = serials(40)
    first, second = (goods.fill(n, names[n * 6 : n * 6 + 6]) for n in (1, 2))
    goods.do(NOVAMED, "new_container", container=box(3))
    goods.do(NOVAMED, "pack", container=box(3), items=[first, second])
    mixed = goods.fill(4, [*names[20:22], *(f"B{n:05}" for n in range(4))])
    steps = [
        {"step": "new_container", "site": site(NOVAMED), "container": box(5)},
        {
            "step": "pack",
            "site": site(NOVAMED),
            "container": box(5),
            "items": packs(names[30:34]),
        },
        {"step": "new_container", "site": site(NOVAMED), "container": box(6)},
        {
            "step": "pack",
            "site": site(NOVAMED),
            "container": box(6),
            "items": [box(5)],
        },
    ]
    stage.act(NOVAMED, {"kind": "events", "events": steps})
    ref = goods.ship([box(3), mixed, box(6)])
    goods.receive(ref, items=[box(3), *packs(names[20:21])])
    goods.receive(ref, items=packs(["B00001"]))
    goods.do(TRANSPHARM, "unpack", container=box(3), items=[first])
    goods.do(TRANSPHARM, "hold", items=[first])
    goods.do(NOVAMED, "void", shipment=ref, items=[box(6)])
    goods.do(NOVAMED, "hold", items=[box(6)], reason="recalled")

    for lot in ("A1", "B1"):
        report = checked(built(stage, lot_of(stage, REGULATOR, lot)))
        assert dict(places(report, lot)) == goods.where(lot)
    assert report.lots[0].lot == "B1"


def test_a_hold_on_a_case_that_has_changed_since_takes_a_replay(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case was nested while it was empty: only the whole law knows what it held."""
    goods = Goods(stage)
    goods.commission(count=10)
    for number in (1, 2):
        goods.do(NOVAMED, "new_container", container=box(number))
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1)])
    goods.do(NOVAMED, "pack", container=box(1), items=packs(serials(3)))
    goods.do(NOVAMED, "hold", items=[box(2)])
    goods.do(NOVAMED, "unpack", container=box(1))
    replays = []
    monkeypatch.setattr(
        bundle_files,
        "replayed",
        lambda *args, **more: replays.append(1) or replayed(*args, **more),
    )

    report = checked(built(stage, lot_of(stage, REGULATOR)))

    assert replays == [1]
    assert report.lots[0].held == 3


def test_a_recall_brings_all_lots_that_it_means(stage: Stage) -> None:
    goods = spread(stage)
    goods.commission(lot="A2", names=[f"T{n:05}" for n in range(7)])
    goods.commission(lot="A3", names=[f"U{n:05}" for n in range(5)])
    recall = open_recall(stage, "A1", "A2")
    answer(stage, recall, quarantined=6, supplied=4)

    scope = scope_of_recall(recall_id=recall.pk, actor=stage.actor(REGULATOR))
    report = checked(built(stage, scope))

    assert [(lot.lot, lot.size, lot.recalled) for lot in report.lots] == [
        ("A1", 100, 100),
        ("A2", 7, 7),
    ]
    text = f"all 2 lot(s) that recall {recall.pk} names; it is open"
    assert text in [each.text for each in report.findings]


def test_a_holder_gets_its_own_links_with_names(stage: Stage) -> None:
    spread(stage)
    recall = open_recall(stage)
    scope = scope_of_recall(recall_id=recall.pk, actor=stage.actor(STELLA))

    report = checked(built(stage, scope))

    assert (report.form, report.lots) == ("redacted", ())
    named = {(link.what, link.gln) for link in report.links if link.gln}
    assert named == {
        ("event", STELLA.gln),
        ("event", TRANSPHARM.gln),
        ("recall.open", NOVAMED.gln),
    }
    hidden = {(link.role, link.country) for link in report.links if not link.gln}
    assert hidden == {("manufacturer", "DE"), ("wholesaler", "DE")}
    with zipfile.ZipFile(path_of(Bundle.objects.get())) as archive:
        text = archive.read("entries.ndjson")
    assert b"serials" not in text
    assert b"seed" not in text


def test_the_maker_that_opened_it_is_shown_no_foreign_link_and_no_licence(
    stage: Stage,
) -> None:
    spread(stage)
    recall = open_recall(stage, by=NOVAMED)
    answer(stage, recall, quarantined=6, supplied=4)
    actor = stage.actor(NOVAMED)

    report = checked(built(stage, scope_of_recall(recall_id=recall.pk, actor=actor)))

    assert (report.form, report.lots) == ("redacted", ())
    assert {link.gln for link in report.links if link.gln} == {NOVAMED.gln}
    assert {link.role for link in report.links if not link.gln} == {
        "wholesaler",
        "pharmacy",
    }
    with zipfile.ZipFile(path_of(Bundle.objects.get())) as archive:
        text = archive.read("entries.ndjson")
    payloads = [
        base64.b64decode(each) for each in re.findall(rb'"payload":"([^"]+)"', text)
    ]
    assert payloads
    assert not [each for each in payloads if STELLA.gln.encode() in each]
    again = scope_of_lot(gtin=AMOXIL.gtin, lot="A1", actor=actor)
    assert again is not None
    assert again.reader == NOVAMED.gln


def test_who_never_had_a_pack_finds_nothing(stage: Stage) -> None:
    spread(stage)
    recall = open_recall(stage)

    assert lot_of(stage, LINDE) is None
    assert scope_of_recall(recall_id=recall.pk, actor=stage.actor(LINDE)) is None
    assert (
        scope_of_lot(gtin=AMOXIL.gtin, lot="Z9", actor=stage.actor(REGULATOR)) is None
    )
