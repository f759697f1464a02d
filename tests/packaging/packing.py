"""Files of packing as lines write them, and what they come to."""

import json

from apps.custody.models import Container
from tests.cast import CARDIOL
from tests.custody.goods import sscc

PACKS = tuple(f"S{n:03}" for n in range(12))
CASE = f"(01){CARDIOL.gtin}(21)K1"  # a case under a GTIN and serial of its own


def csv(*rows, head=("pallet", "case", "serial")):
    return "".join(",".join(row) + "\n" for row in (head, *rows))


def lot_file():
    """Two cases on a pallet, a case that stands alone, a pack on the pallet, one loose."""
    rows = [(sscc(9), sscc(1), each) for each in PACKS[:4]]
    rows += [(sscc(9), sscc(2), each) for each in PACKS[4:7]]
    rows += [("", sscc(3), each) for each in PACKS[7:10]]
    return csv(*rows, (sscc(9), "", PACKS[10]), ("", "", PACKS[11]))


def inside():
    """How many packs each container holds."""
    return {
        row.epc: sum(line.count for line in row.lines.all())
        for row in Container.objects.all()
    }


def event(parent, children, **changes):
    said = {
        "type": "AggregationEvent",
        "eventTime": "2026-01-05T10:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "parentID": parent,
        "childEPCs": children,
        "action": "ADD",
        "bizStep": "packing",
    }
    return {name: value for name, value in (said | changes).items() if value}


def epcis(*events):
    return json.dumps(
        {
            "@context": [],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "epcisBody": {"eventList": list(events)},
        }
    )
