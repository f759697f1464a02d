"""What a partner with a key can sign by itself, past every draft."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyroaring import BitMap

from apps.core.epcis import EpcisEvent, event_json, parse_epc
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.subjects import Reference
from apps.custody import operations, queries
from apps.custody.formats import to_set
from apps.custody.models import Holding
from apps.custody.queries.sums import Line, subjects_of_event
from apps.ledger.formats import as_ms, new_statement
from apps.ledger.operations import Accepted
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, Player
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, pack, site


def occasion(stage: Stage, player: Player) -> Occasion:
    return Occasion(event_time_ms=as_ms(stage.at), site=site(player))


def things(*names: str) -> Units:
    """Packs by serial, or containers by EPC."""
    epcs = [name if "/" in name else pack(name) for name in names]
    return Units([parse_epc(epc) for epc in epcs])


def handover(source: Player, target: Player) -> Handover:
    return Handover(source.gln, site(source), target.gln, site(target), [])


def units_of(goods: Goods, *serials: str, lot: str = "A1") -> dict[str, BitMap]:
    """The set that a signer would sign for packs of a lot."""
    found = [queries.find_unit(gtin=AMOXIL.gtin, serial=name) for name in serials]
    ordinals = BitMap(unit.ordinal for unit in found if unit is not None)
    return {bytes(goods.batch(lot).tag).hex(): ordinals}


def forge(
    stage: Stage,
    player: Player,
    event: EpcisEvent,
    *,
    units: Mapping[str, BitMap],
    parents: Sequence[str] = (),
    **changes: object,
) -> Accepted:
    """Sign any event as `player` and send it: no draft has seen it.

    Args:
        units: what the signed subjects name.
        changes: members of the event to change, past what its builder allows.
    """
    body = event_json(replace(event, **changes) if changes else event)  # type: ignore[arg-type]
    references = [Reference.parse(ref) for ref in parents]
    payload = new_statement(
        kind="event",
        by=player.gln,
        signer=player.admin.signer,
        meaning="as Mallory says",
        subjects=subjects_of_event(Line(body, references, units, player.gln)),
        parents=references,
        body=body,
        at=stage.tick(),
        ledger=partners.get_genesis().origin,
    )
    return stage.send(sign_statement(payload, stage.keyring.key_of(player)))


def verify_whole(goods: Goods, *lots: str) -> None:
    """The books hold: replay accepts the log, sets are disjoint and add up."""
    found = list(operations.replay_check())
    assert found == [], found
    for lot in lots or ("A1",):
        batch = goods.batch(lot)
        held = [to_set(row.units) for row in Holding.objects.filter(batch=batch)]
        assert sum(len(units) for units in held) == batch.size
        assert BitMap.union(BitMap(), *held) == BitMap(range(batch.size))
