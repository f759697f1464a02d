"""Who stamps the heads of this log: the seam for kinds of anchors, and its settings.

ANCHOR_TSAS names a TOML file with one table a service; ANCHOR_KINDS says by which
function a service of each kind is opened. RFC 3161 (`tsr`) is the kind that is built
in; another one is a function elsewhere that returns an `AnchorService`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.errors import MalformedInput, Unavailable

DEFAULT_KIND: Final = "tsr"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
KIND: Final = re.compile(r"[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Somebody else's evidence over the text of a head.

    Args:
        token: what is published and committed to, byte for byte.
        stamped_at: the moment that it vouches for, aware.
    """

    token: bytes
    stamped_at: datetime


class AnchorService(Protocol):
    """One service that stamps heads. What it answers is judged before it is believed.

    `stamp` reaches the network, within seconds and a bounded size, and is called from
    a thread of its own: it touches no database.
    """

    def stamp(self, data: bytes, *, at: datetime) -> Stamp:
        """A judged stamp over `data`, the exact text of a head.

        Raises:
            Unavailable, MalformedInput, ProofError, UntrustedSignature: there is none.
        """
        ...

    def verify(self, token: bytes, data: bytes) -> datetime:
        """Check a stored token over `data` again, offline; the moment it vouches for.

        Raises:
            MalformedInput, ProofError, UntrustedSignature: it does not hold.
        """
        ...


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


OpenAnchor: TypeAlias = Callable[[AnchorOptions], AnchorService]


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
    kind = values.pop("kind", DEFAULT_KIND)
    if not _NAME.fullmatch(name) or not values or not is_text:
        raise MalformedInput(
            "unfit_line", field=name, wanted="a table of texts under a short name"
        )
    if kind not in settings.ANCHOR_KINDS or not KIND.fullmatch(kind):
        known = ", ".join(settings.ANCHOR_KINDS)
        raise MalformedInput("unfit_line", field=f"{name}.kind", got=kind, wanted=known)
    return AnchorOptions(name, kind, folder, values)


def open_anchor(options: AnchorOptions) -> AnchorService:
    """The service that `options` describe.

    Raises:
        Unavailable: `anchors_unusable`: it cannot be opened so.
    """
    try:
        opened: OpenAnchor = import_string(settings.ANCHOR_KINDS[options.kind])
        return opened(options)
    except (ImportError, OSError, ValueError, MalformedInput) as error:
        raise Unavailable(
            "anchors_unusable", field=options.name, got=str(error)
        ) from error


def find_judge(*, name: str, kind: str) -> AnchorService | None:
    """Who checks a stored token: its service, or one of its kind without settings.

    None where no such kind is known here any more.

    Raises:
        Unavailable: `anchors_unusable`.
    """
    for options in list_anchors():
        if (options.name, options.kind) == (name, kind):
            return open_anchor(options)
    if kind not in settings.ANCHOR_KINDS:
        return None
    return open_anchor(AnchorOptions(name, kind))
