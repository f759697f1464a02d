"""Partners, products, recalls: every column that statements make is compared."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import models

from apps.catalog.models import Batch, Product
from apps.core.gs1 import compute_check_digit
from apps.partners.models import (
    LentVoice,
    Licence,
    Reattestation,
    SigningKey,
    Site,
    TradingPartner,
)
from apps.recalls.models import Answer, Notice, Recall, RecallChange
from pharmatrace.fsck import check_statements
from tests.cast import MARKT, NOVAMED, OPERATOR, REGULATOR, STELLA, TRANSPHARM, Stage
from tests.frozen import go_on
from tests.fsck.forging import flip
from tests.partners.lending import (
    delegation_to,
    device_key,
    enrol_passkey,
    lend,
    say,
)
from tests.recalls.calls import answer, close, open_recall, spread

pytestmark = pytest.mark.django_db
_BODY = "09524444000000001"
EMPTY_CASE = {
    "kind": "event",
    "step": "new_container",
    "site": MARKT.sites[0].gln,
    "container": f"(00){_BODY}{compute_check_digit(_BODY)}",
}


@pytest.fixture
def story(stage: Stage) -> Stage:
    spread(stage)
    go_on(stage, "licences and recalls", _tell)
    return stage


def _tell(stage: Stage) -> None:
    """Licences came and went, a key was revoked; a recall was changed and closed."""
    stage.license(STELLA, to="2040-01-01")
    stage.license(MARKT, role="wholesaler", sites=[])
    stage.license(MARKT, role="wholesaler", sites=[], suspended=True)
    suspect = enrol_passkey(stage, MARKT)
    device, public = device_key()
    lent = lend(suspect, delegation_to(public, stage, MARKT))
    said = say(stage, MARKT, EMPTY_CASE, device, lent)
    stage.act(
        MARKT,
        {
            "kind": "key.revoke",
            "keyid": suspect.public.keyid,
            "reason": "A lost telephone.",
            "suspect_since": "2027-01-01",
        },
    )
    stage.act(
        MARKT,
        {
            "kind": "key.reattest",
            "keyid": suspect.public.keyid,
            "statements": [said.statement_id],
        },
    )
    revoked = SigningKey.objects.get(partner__gln=TRANSPHARM.gln)
    stage.act(
        TRANSPHARM,
        {"kind": "key.revoke", "keyid": revoked.keyid, "reason": "A lost telephone."},
    )
    recall = open_recall(stage, return_to=NOVAMED.gln, reference="R-1")
    answer(stage, recall, supplied=4, quarantined=6)
    stage.act(
        NOVAMED,
        {
            "kind": "recall.amend",
            "recall": recall.pk,
            "scope": {"lots": ["A1", "A9"]},
            "reason": "One more lot.",
        },
    )
    close(stage, recall)
    open_recall(stage, "A9")


def found(story: Stage) -> list[tuple[str, str]]:
    return [(each.code, each.where) for each in check_statements(at=story.at)]


def other(field: Any, value: Any) -> Any:
    """A value of the same kind that was never said."""
    if isinstance(field, models.ForeignKey):
        rows = field.related_model._default_manager.order_by("-pk")
        return rows.exclude(pk=value).values_list("pk", flat=True)[0]
    kinds: dict[type, Callable[[Any], Any]] = {
        bool: lambda each: not each,
        int: lambda each: each + 1,
        list: lambda each: [*each, "0"],
        dict: lambda each: {**each, "x": 1},
        date: lambda each: each.replace(year=2001),
        bytes: flip,
        memoryview: flip,
        str: lambda each: each[:-1] + ("Y" if each[-1:] == "X" else "X"),
    }
    return kinds[type(value)](value) if value is not None else 7


REGISTERS = {
    TradingPartner: ("gln", {"name", "country", "tag", "admitted_by", "role"}),
    Site: ("gln", {"partner", "name"}),
    Licence: (
        "statement_id",
        {
            "partner", "role", "gs1_prefixes", "sites", "scope", "from_ms", "to_ms",
            "is_suspended", "accepted_ms", "is_current",
        },
    ),
    SigningKey: (
        "keyid",
        {
            "spki", "algorithm", "partner", "signer", "role", "tag", "enrolled_by",
            "enrolled_ms", "revoked_by", "revoked_ms", "suspect_since_ms", "is_genesis",
        },
    ),
    LentVoice: (
        "digest",
        {"device_keyid", "lender", "site", "from_ms", "to_ms", "seen_in"},
    ),
    Product: (
        "gtin",
        {
            "name", "strength", "form", "pack_size", "brand_owner", "tag",
            "registered_by",
        },
    ),
    Batch: (
        "tag",
        {
            "product", "lot", "expiry_date", "size", "commissioned_by",
            "commissioned_ms",
        },
    ),
    Recall: (
        "id",
        {
            "product", "opened_by", "recall_class", "reason", "instructions", "depth",
            "scope", "return_to", "reference", "opened_ms", "closed_ms",
        },
    ),
    RecallChange: (
        "statement_id", {"recall", "kind", "by", "at_ms", "reason", "scope_before"},
    ),
    Answer: (
        "statement_id",
        {"recall", "partner", "batch", "answered_ms", "count", "counts", "note"},
    ),
}  # fmt: skip
NAMES = {
    TradingPartner: "partner",
    Site: "site",
    Licence: "licence",
    SigningKey: "key",
    LentVoice: "voice",
    Product: "product",
    Batch: "batch",
    Recall: "recall",
    RecallChange: "change",
    Answer: "answer",
}
# What no statement says: addresses and persons to reach, and a job's own notes.
UNSIGNED = {
    TradingPartner: {"address", "contact_name", "contact_email", "contact_phone"},
    Recall: {"flagged_at", "seen_lines"},
}


def test_true_registers_are_clean(story: Stage) -> None:
    assert found(story) == []
    assert all(model._default_manager.exists() for model in REGISTERS)
    shown = dict(TradingPartner.objects.values_list("gln", "role"))
    assert shown[MARKT.gln] == "pharmacy"
    assert (shown[OPERATOR.gln], shown[REGULATOR.gln]) == ("operator", "regulator")


@pytest.mark.parametrize("model", REGISTERS, ids=lambda model: model.__name__)
def test_no_column_of_a_register_is_left_out(model: type[models.Model]) -> None:
    key, columns = REGISTERS[model]
    names = {field.name for field in model._meta.concrete_fields} - {"id"}

    assert columns | UNSIGNED.get(model, set()) == names - {key}


@pytest.mark.parametrize("model", REGISTERS, ids=lambda model: model.__name__)
def test_a_changed_column_is_named_with_its_row(
    story: Stage, model: type[models.Model]
) -> None:
    key, columns = REGISTERS[model]
    row = model._default_manager.order_by("pk")[0]
    identity = getattr(row, key)
    shown = identity if isinstance(identity, str) else bytes(identity).hex()

    for column in sorted(columns):
        field = model._meta.get_field(column)
        was = getattr(row, field.attname)
        rows = model._default_manager.filter(**{key: identity})
        if isinstance(field, models.ForeignKey) and not (
            field.related_model._default_manager.exclude(pk=was).exists()
        ):
            continue
        rows.update(**{field.attname: other(field, was)})

        codes = {code for code, where in found(story) if where.endswith(shown)}

        assert f"{column}_differs" in codes, column
        rows.update(**{field.attname: was})
    assert found(story) == []


@pytest.mark.parametrize("model", REGISTERS, ids=lambda model: model.__name__)
def test_a_lost_row_is_found(story: Stage, model: type[models.Model]) -> None:
    key, _columns = REGISTERS[model]
    # Renamed rather than deleted, so that what points at the row stays.
    row = model._default_manager.order_by("pk")[0]
    if model in (Recall, SigningKey):
        Notice.objects.all().delete()
        LentVoice.objects.all().delete()
        row.delete()
        assert f"{NAMES[model]}_missing" in {code for code, _where in found(story)}
        return
    rows = model._default_manager.filter(pk=row.pk)
    rows.update(**{key: other(model._meta.get_field(key), getattr(row, key))})

    codes = {code for code, _where in found(story)}

    assert {f"{NAMES[model]}_missing", f"{NAMES[model]}_unknown"} <= codes


@pytest.mark.parametrize("column", ["statement_id", "keyid", "said_in", "accepted_ms"])
def test_a_changed_reattestation_is_found(story: Stage, column: str) -> None:
    row = Reattestation.objects.get()
    was = getattr(row, column)
    field = Reattestation._meta.get_field(column)
    Reattestation.objects.update(**{column: other(field, was)})

    codes = {code for code, _where in found(story)}

    is_name = column in ("statement_id", "keyid")
    wanted = {"reattestation_unknown", "reattestation_missing"}
    assert codes >= (wanted if is_name else {f"{column}_differs"})
    Reattestation.objects.all().delete()
    assert {code for code, _where in found(story)} == {"reattestation_missing"}
