"""Step 4: a recall is opened, blocks at once, is told, answered, and located."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pharmatrace.demo.cast import (
    AMOXIL,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from tests.custody.goods import pack, site
from tests.journeys.network import (
    EXPIRY,
    LOT,
    NAMES,
    SECOND_EXPIRY,
    SECOND_LOT,
    SECOND_NAMES,
    SIZE,
    Network,
    accepted,
)

NOTE = "In the safe."
# Where the first lot is by now: tier, holder, status, packs.
PLACES = [
    ("maker", NOVAMED, "active", SIZE - 96),
    ("wholesaler", TRANSPHARM, "active", 48),
    ("pharmacy", STELLA, "active", 47),
    ("supplied", STELLA, "dispensed", 1),
]
_TIER_WORDS = {
    "maker": "At the maker",
    "wholesaler": "At wholesalers",
    "pharmacy": "At pharmacies",
    "supplied": "Supplied to patients",
}
_STATUS_WORDS = {"active": "in stock", "dispensed": "supplied"}


def regulator_recalls(network: Network) -> None:
    """The first lot, from the regulator's signature to the last list."""
    recall = _open(network, REGULATOR, LOT)
    _is_blocked_before_any_job(network)
    network.work()
    _holders_are_told(network, recall)
    answered_ms = _stella_answers(network, recall)
    _affected_is_exact(network, recall, answered_ms)
    _queries_are_exact(network)


def maker_recalls(network: Network) -> None:
    """The second lot, which never left its maker."""
    recall = _open(network, NOVAMED, SECOND_LOT)

    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    blocked = network.do(NOVAMED, "ship", items=[pack(SECOND_NAMES[0])], to=to)
    assert (blocked.status, blocked.json["code"]) == (409, "recalled")
    network.work()
    assert _places(network, NOVAMED, f"recalls/{recall}/affected") == [
        ("maker", NOVAMED.gln, SECOND_LOT, "active", SIZE)
    ]
    assert network.of(STELLA).get(f"/api/v1/recalls/{recall}").status == 404


def _open(network: Network, by: Player, lot: str) -> str:
    wish = {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "scope": {"lots": [lot]},
        "class": "II",
        "reason": "Wrong leaflet.",
        "instructions": "Stop supply, keep apart, return.",
        "depth": "retail",
    }
    return accepted(network.of(by).act(wish))


def _is_blocked_before_any_job(network: Network) -> None:
    found = network.verify(STELLA, NAMES[0])
    assert (found["verdict"], found["is_recalled"]) == ("hold", True)
    blocked = network.do(STELLA, "dispense", items=[pack(NAMES[2])])
    assert (blocked.status, blocked.json["code"]) == (409, "recalled")


def _holders_are_told(network: Network, recall: str) -> None:
    for player, held, supplied in (
        (NOVAMED, SIZE - 96, 96),
        (TRANSPHARM, 48, 48),
        (STELLA, 47, 1),
    ):
        (notice,) = network.read(player, f"recalls/{recall}")["notices"]
        assert (notice["lot"], notice["held"], notice["supplied"]) == (
            *(LOT, held, supplied),
        )
    assert network.of(MARKT).get(f"/api/v1/recalls/{recall}").status == 404
    report = network.read(REGULATOR, f"recalls/{recall}")["report"]
    assert (report["notified"], report["responded"]) == (3, 0)


def _stella_answers(network: Network, recall: str) -> int:
    counts = {"quarantined": 47, "supplied": 1}
    said = {"kind": "recall.answer", "recall": recall, "lot": LOT}
    answer = network.of(STELLA).act({**said, "counts": counts, "note": NOTE})

    accepted(answer)
    (notice,) = network.read(STELLA, f"recalls/{recall}")["notices"]
    assert notice["read_at"] is not None
    report = network.read(REGULATOR, f"recalls/{recall}")["report"]
    assert (report["notified"], report["responded"]) == (3, 1)
    assert {each["gln"]: each["counts"] for each in report["consignees"]} == {
        NOVAMED.gln: {},
        TRANSPHARM.gln: {},
        STELLA.gln: counts,
    }
    answered_ms: int = answer.json["accepted_ms"]
    return answered_ms


def _affected_is_exact(network: Network, recall: str, answered_ms: int) -> None:
    path = f"recalls/{recall}/affected"
    body = network.read(REGULATOR, path)
    assert body["tally"]["total"] == SIZE
    assert [
        (row["tier"], row["holder"], row["status"], row["count"], row["contact"])
        for row in body["results"]
    ] == [(t, who.gln, s, n, _contact(who)) for t, who, s, n in PLACES]

    answer = network.of(REGULATOR).get(f"/api/v1/{path}?format=csv")
    assert answer.status == 200, answer.body
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows == [_csv_row(*place, answered_ms) for place in PLACES]
    # A holder sees its own packs, whoever has none sees nothing.
    own = network.read(STELLA, path)["results"]
    assert {row["holder"] for row in own} == {STELLA.gln}
    assert network.of(MARKT).get(f"/api/v1/{path}").status == 404


def _contact(player: Player) -> dict[str, str]:
    return {
        "name": f"{player.admin.first_name} {player.admin.last_name}",
        "address": player.address,
        "email": player.admin.username,
        "phone": player.phone,
    }


def _csv_row(
    tier: str, who: Player, status: str, packs: int, answered_ms: int
) -> dict[str, str]:
    has_answered = who is STELLA
    answered_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=answered_ms)
    # A spreadsheet takes a cell that starts with + for a formula.
    contact = {**_contact(who), "phone": f"'{who.phone}"}
    return {
        "gtin": AMOXIL.gtin,
        "product": f"{AMOXIL.name} {AMOXIL.strength}",
        "lot": LOT,
        "expiry_date": EXPIRY.isoformat(),
        "tier": _TIER_WORDS[tier],
        "status": _STATUS_WORDS[status],
        "packs": str(packs),
        "holder": who.gln,
        "holder_name": who.name,
        "role": who.role,
        "country": who.country,
        "site": who.sites[0].gln,
        "site_name": who.sites[0].name,
        "contact": contact.pop("name"),
        **contact,
        "answered_at": answered_at.isoformat() if has_answered else "",
        "answer": "47 quarantined, 1 supplied or passed on" if has_answered else "",
        "note": NOTE if has_answered else "",
    }


def _queries_are_exact(network: Network) -> None:
    """Where every unit is now: by lot, by expiry window, by serial."""
    first = [(t, who.gln, LOT, status, n) for t, who, status, n in PLACES]
    second = [("maker", NOVAMED.gln, SECOND_LOT, "active", SIZE)]
    late = {"expiry_from": EXPIRY + timedelta(days=1), "expiry_to": SECOND_EXPIRY}
    both = {"expiry_from": EXPIRY, "expiry_to": SECOND_EXPIRY}

    for player in (REGULATOR, NOVAMED):
        for asked, wanted in (
            ({"gtin": AMOXIL.gtin, "lot": LOT}, first),
            (late, second),
            ({"gtin": AMOXIL.gtin, **both}, [first[0], *second, *first[1:]]),
            (_serial(NAMES[0]), [("pharmacy", STELLA.gln, LOT, "active", 1)]),
            (_serial(NAMES[1]), [("supplied", STELLA.gln, LOT, "dispensed", 1)]),
            (_serial(NAMES[60]), [("wholesaler", TRANSPHARM.gln, LOT, "active", 1)]),
            (_serial("NEVERMADE"), []),
        ):
            path = f"recall-query?{urlencode(asked)}"
            assert _places(network, player, path) == wanted, asked
    assert _places(network, MARKT, f"recall-query?{urlencode(both)}") == []


def _serial(name: str) -> dict[str, Any]:
    return {"gtin": AMOXIL.gtin, "serial": name}


def _places(network: Network, player: Player, path: str) -> list[tuple[Any, ...]]:
    names = ("tier", "holder", "lot", "status", "count")
    return [
        tuple(row[name] for name in names)
        for row in network.read(player, path)["results"]
    ]
