"""What waits for an organisation, and what its people can start, in LOOK's words."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts import queries as alerts
from apps.alerts.models import Alert
from apps.custody.models import Holding, Shipment
from apps.intake.models import Upload, UploadState
from apps.partners import queries as partners
from apps.partners.queries import Actor
from apps.recalls.models import Notice, Recall
from apps.recalls.queries.recalls import open_notices as list_open_notices

_SENDERS = frozenset({"manufacturer", "wholesaler", "carrier"})
_SUPPLIERS = frozenset({"pharmacy", "hospital"})


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; `state` is go, stop, think or past."""

    icon: str
    state: str
    title: str
    text: str
    url: str
    label: str


def open_notices(actor: Actor) -> QuerySet[Notice]:
    """Notices of open recalls that the actor's organisation has not answered."""
    return list_open_notices(glns=[actor.gln])


def open_alerts(actor: Actor) -> QuerySet[Alert]:
    """Alerts about the actor's organisation; all of them for the regulator."""
    return alerts.list_alerts(actor=actor, is_closed=False)


def incoming(actor: Actor) -> QuerySet[Shipment]:
    """Goods under way to the actor's organisation."""
    return Shipment.objects.filter(addressee=actor.gln, is_open=True)


def count_keys(actor: Actor) -> int:
    """Keys of colleagues that wait for this administrator."""
    if not actor.can_administer:
        return 0
    return partners.requests_visible_to(actor).count()


def list_tasks(actor: Actor) -> list[Task]:
    """What waits, the most urgent first."""
    found = (finder(actor) for finder in _FINDERS)
    return [task for task in found if task is not None]


def list_starts(actor: Actor) -> list[Task]:
    """What people of this role begin with."""
    role = actor.partner.role if actor.partner else ""
    if role in _SUPPLIERS:
        return [_scan(), _stock(actor)]
    if role == "manufacturer":
        return [_upload(), _ship(), _stock(actor)]
    if role in _SENDERS:
        return [_ship(), _scan(), _stock(actor)]
    if actor.is_regulator:
        return [_query(), _open_recall(), _register()]
    return [_register(), _ledger()]


def _recall(actor: Actor) -> Task | None:
    count = open_notices(actor).values("recall").distinct().count()
    if not count:
        return None
    return Task(
        "recall",
        "stop",
        ngettext("%d recall to answer", "%d recalls to answer", count) % count,
        _("Packs you hold or supplied are recalled. Set them aside and say how many."),
        "/recalls",
        _("See what is recalled"),
    )


def _key(actor: Actor) -> Task | None:
    if not actor.can_sign or partners.list_own_keyids(actor=actor):
        return None
    return Task(
        "key",
        "think",
        _("This browser cannot sign yet"),
        _("Make a key on this device; an administrator confirms it. Two minutes."),
        "/device",
        _("Make a key"),
    )


def _staged(actor: Actor) -> Task | None:
    waiting = Upload.objects.filter(partner=actor.partner, state=UploadState.STAGED)
    count = waiting.count()
    if not count:
        return None
    return Task(
        "upload",
        "think",
        ngettext("%d lot waits for a signature", "%d lots wait for a signature", count)
        % count,
        _("The serials are checked. Nothing exists until the maker signs."),
        "/uploads",
        _("Read and sign"),
    )


def _receive(actor: Actor) -> Task | None:
    count = incoming(actor).count()
    if not count:
        return None
    return Task(
        "receive",
        "go",
        ngettext("%d delivery under way", "%d deliveries under way", count) % count,
        _("Scan what came, or accept the despatch list as it is."),
        "/receive",
        _("Receive"),
    )


def _alert(actor: Actor) -> Task | None:
    count = open_alerts(actor).count()
    if not count:
        return None
    return Task(
        "think",
        "think",
        ngettext("%d alert is open", "%d alerts are open", count) % count,
        _("Something was refused or looked odd. See what was tried, and by whom."),
        "/alerts",
        _("Look at it"),
    )


def _confirm(actor: Actor) -> Task | None:
    count = count_keys(actor)
    if not count:
        return None
    return Task(
        "key",
        "think",
        ngettext("%d key to confirm", "%d keys to confirm", count) % count,
        _("A colleague made a key on a device. Confirm only what you know of."),
        "/device",
        _("Confirm"),
    )


def count_proposals(actor: Actor) -> int:
    """Party statements that this person's office has not signed yet."""
    return sum(row.may_sign for row in partners.list_proposals(actor=actor))


def _propose(actor: Actor) -> Task | None:
    count = count_proposals(actor)
    if not count:
        return None
    return Task(
        "seal",
        "think",
        ngettext("%d statement to co-sign", "%d statements to co-sign", count) % count,
        _("An admission or licence counts once every office has signed it."),
        "/partners/proposals",
        _("Read and sign"),
    )


def _suspects(actor: Actor) -> Task | None:
    count = partners.count_suspect(actor=actor) if actor.can_sign else 0
    if not count:
        return None
    return Task(
        "key",
        "think",
        ngettext(
            "%d statement wants another look",
            "%d statements want another look",
            count,
        )
        % count,
        _("A key that was lost or stolen signed them. Stand by them, or mend them."),
        "/organisation/suspects",
        _("Look at them"),
    )


def _watch(actor: Actor) -> Task | None:
    count = Recall.objects.filter(closed_ms=None).count() if actor.is_regulator else 0
    if not count:
        return None
    return Task(
        "recall",
        "stop",
        ngettext("%d recall is open", "%d recalls are open", count) % count,
        _("See who has answered, and what is unaccounted for."),
        "/recalls",
        _("Open the console"),
    )


_FINDERS: tuple[Callable[[Actor], Task | None], ...] = (
    _recall,
    _watch,
    _key,
    _staged,
    _receive,
    _alert,
    _confirm,
    _suspects,
    _propose,
)


def _scan() -> Task:
    text = _("Camera, hand scanner or typed: DISPENSE, HOLD or ASK in one glance.")
    return Task("scan", "go", _("Scan a pack"), text, "/scan", _("Scan"))


def _stock(actor: Actor) -> Task:
    held = Holding.objects.filter(holder=actor.gln, status="active")
    count = held.aggregate(n=Sum("count"))["n"] or 0
    text = ngettext("You hold %d pack now.", "You hold %d packs now.", count) % count
    return Task("pack", "past", _("Stock"), text, "/stock", _("See the stock"))


def _upload() -> Task:
    text = _("Drop a file of serials. Every line is checked before you sign.")
    return Task("upload", "go", _("Upload a lot"), text, "/uploads/new", _("Upload"))


def _ship() -> Task:
    text = _("Name what goes and where. One signature moves a whole pallet.")
    return Task("ship", "go", _("Pack and ship"), text, "/ship", _("Ship"))


def _query() -> Task:
    text = _("By GTIN, lot, expiry window or serial: where every pack is now.")
    return Task("search", "go", _("Recall query"), text, "/query", _("Ask"))


def _open_recall() -> Task:
    text = _("Five fields and a signature block every affected pack at once.")
    url, label = "/recalls/new", _("Open a recall")
    return Task("recall", "stop", _("Open a recall"), text, url, label)


def _register() -> Task:
    text = _("Who may make, hold and supply: admissions, licences, keys.")
    return Task("person", "past", _("Partners"), text, "/partners", _("Open"))


def _ledger() -> Task:
    text = _("Checkpoints, entries and proofs, open to everybody.")
    return Task("link", "past", _("Ledger"), text, "/ledger", _("Open"))
