"""Who stamps the heads of this log: the seam for kinds of anchors.

ANCHOR_KINDS says by which function a service of each kind is opened; which services
there are stands in a file (`anchor_file`). RFC 3161 (`tsr`) answers at once. Others
promise first and keep it hours later: they are `PatientService`s.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from django.conf import settings
from django.utils.module_loading import import_string

from apps.anchoring.clients.anchor_file import AnchorOptions, list_anchors
from apps.core.errors import MalformedInput, TraceError, Unavailable

# Kinds that are built in and need packages which are not the site's.
EXTRAS: Final = frozenset({"evm", "ots"})
# Of a stamp, for readers: what stands in the token, or stands behind it.
Facts: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Somebody else's evidence over the text of a head; it is final.

    Args:
        token: what is published and committed to, byte for byte.
        stamped_at: the moment that it vouches for, aware; None where neither the
            token nor `facts` say one that was checked.
        facts: what is published beside it and `verify` needs or finds again.
    """

    token: bytes
    stamped_at: datetime | None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promise:
    """A stamp is on its way; nothing is published of it yet.

    Args:
        state: all that the service needs to go on, kept in a row.
        look_at: when it is worth asking again, aware.
        note: for people, a few words: `3 of 12 confirmations`.
    """

    state: bytes
    look_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Nothing will come of a promise: the newest head is stamped anew."""

    fault: TraceError


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise as it is kept.

    Args:
        state: of the newest `Promise`.
        begun_at: of the first one.
    """

    state: bytes
    begun_at: datetime


class AnchorService(Protocol):
    """One service that stamps heads. What it answers is judged before it is believed.

    Its methods reach the network within half a minute and a bounded size, and are
    called from a thread of its own: they touch no database.
    """

    def stamp(self, data: bytes, *, at: datetime) -> Stamp | Promise:
        """A judged stamp over `data`, the exact text of a head, or the promise of one.

        Raises:
            Unavailable, MalformedInput, ProofError, UntrustedSignature: there is none.
        """
        ...

    def verify(self, token: bytes, data: bytes, *, facts: Facts) -> Stamp:
        """Check a stored token over `data` again, offline; the stamp as it must be.

        Raises:
            MalformedInput, ProofError, UntrustedSignature: it does not hold.
        """
        ...


@runtime_checkable
class PatientService(AnchorService, Protocol):
    """A service whose `stamp` may promise.

    A promise is stored before anybody acts on it, and `resume` may be called twice
    with one state: what it does outside must bear that.
    """

    def resume(
        self, promised: Promised, data: bytes, *, at: datetime
    ) -> Stamp | Promise | Withdrawn:
        """What became of the stamp over `data` that was promised.

        Raises:
            Unavailable, MalformedInput, ProofError, UntrustedSignature: not known
                now; the promise stays as it is.
        """
        ...


OpenAnchor: TypeAlias = Callable[[AnchorOptions], AnchorService]


def import_extra(path: str) -> Any:
    """What `path` names: a module of ours that imports packages of an optional kind.

    Raises:
        Unavailable: `anchor_extra_missing`: they are not installed here.
    """
    limit = sys.getrecursionlimit()
    try:
        return import_string(path)
    except ModuleNotFoundError as error:
        raise _extra_missing(error, "") from error
    finally:
        # py_ecc, behind web3, sets it to 100,000: what nests too deep, in JSON say,
        # would then end this process instead of an exception.
        sys.setrecursionlimit(limit)


def _extra_missing(error: ModuleNotFoundError, name: str) -> Unavailable:
    return Unavailable(
        "anchor_extra_missing",
        field=name,
        got=f"no package {error.name}",
        wanted="pip install -r requirements-anchors.txt",
    )


def open_anchor(options: AnchorOptions) -> AnchorService:
    """The service that `options` describe.

    Raises:
        Unavailable: `anchors_unusable`: it cannot be opened so;
            `anchor_extra_missing`: its packages are not installed here.
    """
    try:
        opened: OpenAnchor = import_string(settings.ANCHOR_KINDS[options.kind])
        return opened(options)
    except ModuleNotFoundError as error:
        if options.kind in EXTRAS:
            raise _extra_missing(error, options.name) from error
        raise _unusable(error, options.name) from error
    except (ImportError, OSError, ValueError, MalformedInput) as error:
        raise _unusable(error, options.name) from error


def _unusable(error: Exception, name: str) -> Unavailable:
    return Unavailable("anchors_unusable", field=name, got=str(error))


def find_judge(*, name: str, kind: str) -> AnchorService | None:
    """Who checks a stored token: its service, or one of its kind without settings.

    None where no such kind is known here any more, or where the file names no service
    of it any more and its packages are gone too.

    Raises:
        Unavailable: `anchors_unusable`; `anchor_extra_missing`.
    """
    for options in list_anchors():
        if (options.name, options.kind) == (name, kind):
            return open_anchor(options)
    if kind not in settings.ANCHOR_KINDS:
        return None
    try:
        return open_anchor(AnchorOptions(name, kind))
    except Unavailable as error:
        if error.code != "anchor_extra_missing":
            raise
        return None
