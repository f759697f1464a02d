"""The file of anchoring services that ANCHOR_TSAS names: one TOML table each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings

from apps.core.errors import MalformedInput, Unavailable

DEFAULT_KIND: Final = "tsr"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
KIND: Final = re.compile(r"[a-z0-9]{1,8}")
_PERIOD: Final = re.compile(r"([1-9][0-9]{0,3}) ?(minutes?|hours?|days?)")


class Periods(NamedTuple):
    """How often a service stamps, and after which time its stamp is late.

    Args:
        every: the newest head is stamped so often, if anything was said since.
        late: what was said and is not stamped so long after is an alarm.
    """

    every: timedelta
    late: timedelta


_PERIODS: Final = {
    "tsr": Periods(timedelta(hours=1), timedelta(hours=2)),
    # Each costs money: once a day, and some hours for the block.
    "evm": Periods(timedelta(days=1), timedelta(hours=30)),
    # Free, but a calendar waits hours for its block.
    "ots": Periods(timedelta(hours=1), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class AnchorOptions:
    """One table of the file.

    Args:
        name: what the service is called, in published files too.
        kind: how it is opened, and how the files of its tokens end.
        folder: of the file; paths in it are relative to that.
        values: the other lines, texts only.
    """

    name: str
    kind: str = DEFAULT_KIND
    folder: Path = Path()
    values: Mapping[str, str] = field(default_factory=dict)
    periods: Periods = _PERIODS[DEFAULT_KIND]


def list_anchors() -> list[AnchorOptions]:
    """The services that the file names, in its order; none without a file.

    Raises:
        Unavailable: `anchors_unusable`: a file that was set must not vanish quietly.
    """
    if not settings.ANCHOR_TSAS:
        return []
    path = Path(settings.ANCHOR_TSAS)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_parse(name, table, path.parent) for name, table in tables.items()]
    except (OSError, ValueError, MalformedInput) as error:
        raise Unavailable(
            "anchors_unusable", field=str(path), got=str(error)
        ) from error


def _parse(name: str, table: object, folder: Path) -> AnchorOptions:
    values = dict(table) if isinstance(table, dict) else {}
    is_text = all(isinstance(value, str) for value in values.values())
    if not _NAME.fullmatch(name) or not values or not is_text:
        raise MalformedInput(
            "unfit_line", field=name, wanted="a table of texts under a short name"
        )
    kind = values.pop("kind", DEFAULT_KIND)
    if kind not in settings.ANCHOR_KINDS or not KIND.fullmatch(kind):
        known = ", ".join(settings.ANCHOR_KINDS)
        raise MalformedInput("unfit_line", field=f"{name}.kind", got=kind, wanted=known)
    return AnchorOptions(name, kind, folder, values, _read_periods(name, kind, values))


def _read_periods(name: str, kind: str, values: dict[str, str]) -> Periods:
    usual = _PERIODS.get(kind, _PERIODS[DEFAULT_KIND])
    found = {
        field: _read_period(f"{name}.{field}", values.pop(field))
        for field in Periods._fields
        if field in values
    }
    periods = usual._replace(**found)
    if periods.late <= periods.every:
        raise MalformedInput(
            "unfit_line",
            field=f"{name}.late",
            got=str(periods.late),
            wanted=f"more than {periods.every}, which is how often it stamps",
        )
    return periods


def _read_period(field: str, text: str) -> timedelta:
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise MalformedInput("unfit_line", field=field, got=text, wanted="`90 minutes`")
    unit = found[2].rstrip("s") + "s"
    return timedelta(**{unit: int(found[1])})
