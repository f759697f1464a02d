"""The shapes that the machine door of recalls documents and answers with."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.core.recall import CLASSES, DEPTHS
from apps.edge.openapi import query_parameter
from apps.recalls.formats import TIERS

RECALL_ID = OpenApiParameter(
    "recall_id",
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    OpenApiParameter.PATH,
    description="Statement id of the recall.open.",
)
_TEXT = {"minLength": 1, "maxLength": 20}
GTIN = query_parameter("gtin", "GTIN of 8 to 14 digits.", pattern="^[0-9]{8,14}$")
LOT = query_parameter("lot", "Lot, GS1 AI (10).", **_TEXT)
SERIAL = query_parameter("serial", "Serial, GS1 AI (21).", **_TEXT)
EXPIRY_FROM = query_parameter("expiry_from", "First day of expiry.", format="date")
EXPIRY_TO = query_parameter("expiry_to", "Last day of expiry.", format="date")
FORMAT = query_parameter(
    "format", "`csv` for a table, as with Accept: text/csv.", enum=["json", "csv"]
)
SERIALS = query_parameter(
    "serials", "`1` gives one line a pack in the CSV.", enum=["0", "1"]
)
LEAST_SIZE = query_parameter(
    "least_size",
    "Build another if the one at hand is under a checkpoint with fewer leaves.",
    pattern="^[0-9]{1,18}$",
)
OFFSET = OpenApiParameter(
    "offset",
    {"type": "integer", "minimum": 0, "maximum": 10_000_000},
    description="Rows to leave out.",
)
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": 500},
    description="Rows a page; 100 unless told.",
)
CURSOR = OpenApiParameter("cursor", str, description="As given by next and previous.")
PAGE_LIMIT = OpenApiParameter("limit", int, description="Rows a page, at most 500.")


class NoticeSerializer(serializers.Serializer[Any]):
    """What your organisation was told about one lot."""

    lot = serializers.CharField(source="batch.lot")
    held = serializers.IntegerField(source="held_count")
    supplied = serializers.IntegerField(source="supplied_count")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class RecallSerializer(serializers.Serializer[Any]):
    """A recall; `notices` are those to your organisation."""

    id = serializers.CharField()
    gtin = serializers.CharField(source="product.gtin")
    product = serializers.CharField()
    opened_by = serializers.CharField(source="opened_by.gln")
    opened_by_name = serializers.CharField(source="opened_by.name")
    recall_class = serializers.ChoiceField(choices=CLASSES)
    reason = serializers.CharField()
    instructions = serializers.CharField()
    depth = serializers.ChoiceField(choices=DEPTHS)
    scope = serializers.DictField()
    return_to = serializers.CharField()
    reference = serializers.CharField()
    opened_ms = serializers.IntegerField()
    closed_ms = serializers.IntegerField(allow_null=True)
    notices = NoticeSerializer(many=True, source="own_notices")


class RecallPageSerializer(serializers.Serializer[Any]):
    """A page of recalls, the latest first."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RecallSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """An amendment, or the end."""

    statement_id = serializers.CharField()
    kind = serializers.CharField()
    by = serializers.CharField(source="by.gln")
    at_ms = serializers.IntegerField()
    reason = serializers.CharField()
    scope_before = serializers.DictField()


class ContactSerializer(serializers.Serializer[Any]):
    """Whom to reach."""

    name = serializers.CharField()
    address = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()


class TallySerializer(serializers.Serializer[Any]):
    """Units by tier; the tiers sum to `total`."""

    total = serializers.IntegerField()
    tiers = serializers.DictField(child=serializers.IntegerField())
    holders = serializers.IntegerField()
    unaccounted = serializers.IntegerField()


class ConsigneeSerializer(serializers.Serializer[Any]):
    """One holder that was told, with its last answers."""

    gln = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    contact = ContactSerializer()
    held = serializers.IntegerField()
    supplied = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    answered_ms = serializers.IntegerField(allow_null=True)


class ReportSerializer(serializers.Serializer[Any]):
    """The status report, by the parts of 21 CFR 7.53(b)."""

    notified = serializers.IntegerField()
    notified_at = serializers.DateTimeField(allow_null=True)
    responded = serializers.IntegerField()
    not_responded = serializers.IntegerField()
    on_hand_at_response = serializers.IntegerField()
    returned = serializers.IntegerField()
    destroyed = serializers.IntegerField()
    not_found = serializers.IntegerField()
    due_at = serializers.DateTimeField()
    is_overdue = serializers.BooleanField()
    tally = TallySerializer()
    consignees = ConsigneeSerializer(many=True)


class RecallDetailSerializer(RecallSerializer):
    """A recall with its history; `report` is for its opener and the regulator."""

    changes = ChangeSerializer(many=True)
    report = ReportSerializer(allow_null=True)


class AnswerSerializer(serializers.Serializer[Any]):
    """A signed answer about one lot."""

    statement_id = serializers.CharField()
    answered_ms = serializers.IntegerField()
    count = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    note = serializers.CharField()


class AffectedRowSerializer(serializers.Serializer[Any]):
    """Units of one lot at one holder, site and status."""

    gtin = serializers.CharField()
    product = serializers.CharField()
    lot = serializers.CharField()
    expiry_date = serializers.DateField()
    holder = serializers.CharField()
    holder_name = serializers.CharField()
    role = serializers.CharField()
    country = serializers.CharField()
    site = serializers.CharField()
    site_name = serializers.CharField()
    status = serializers.CharField()
    tier = serializers.ChoiceField(choices=list(TIERS))
    count = serializers.IntegerField()
    contact = ContactSerializer()
    answer = AnswerSerializer(allow_null=True)


class AffectedSerializer(serializers.Serializer[Any]):
    """A page of affected units, and how all of them are spread."""

    tally = TallySerializer()
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    results = AffectedRowSerializer(many=True)


class NodeSerializer(serializers.Serializer[Any]):
    """A partner on the way; what it holds now, and what ended with it."""

    gln = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    country = serializers.CharField()
    held = serializers.IntegerField()
    supplied = serializers.IntegerField()


class EdgeSerializer(serializers.Serializer[Any]):
    """One signed move; `source` is empty where the units were made."""

    source = serializers.CharField()  # type: ignore[assignment]  # a member's name
    target = serializers.CharField()
    rule = serializers.CharField()
    source_status = serializers.CharField()
    target_status = serializers.CharField()
    count = serializers.IntegerField()
    accepted_ms = serializers.IntegerField()
    event_time_ms = serializers.IntegerField()
    statement = serializers.CharField()
    is_inferred = serializers.BooleanField()
    is_corrected = serializers.BooleanField()


class TraceSerializer(serializers.Serializer[Any]):
    """Who held what of a lot or pack, and when; a holder sees its own links."""

    gtin = serializers.CharField()
    product = serializers.CharField()
    lot = serializers.CharField()
    serial = serializers.CharField()
    expiry_date = serializers.DateField()
    size = serializers.IntegerField()
    is_complete = serializers.BooleanField()
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)


class BundleSerializer(serializers.Serializer[Any]):
    """A bundle that is not there yet; `done` and `total` count statements."""

    state = serializers.ChoiceField(choices=["queued", "running"])
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    requested_at = serializers.DateTimeField(source="bundle.requested_at")
