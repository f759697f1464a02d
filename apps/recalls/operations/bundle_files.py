"""The files of a bundle while it is built: each member once, whole, flushed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import PublishedHead, newest_checkpoint
from apps.anchoring.queries.shared import map_under, tree_under
from apps.core.bundle.build import (
    Plan,
    Saying,
    assemble,
    chain_lines,
    entry_lines,
    map_pieces,
    tree_pieces,
)
from apps.core.bundle.manifest import WHOLE
from apps.core.bundle.zipform import CHAINS, CHECKPOINT, ENTRIES, MAP, TREE, Header
from apps.core.bundle.zipwrite import Packed, Packer
from apps.core.errors import Unavailable
from apps.custody.queries.bundled import LotGoods, NeedsReplay, Units, plain, replayed
from apps.ledger.queries.sealed import iter_sealed
from apps.recalls.models import Bundle
from apps.recalls.queries.bundle_plan import Wanted, plan_bundle
from apps.recalls.queries.bundles import folder_of, path_of

Show = Callable[[int, int], None]  # statements done, statements in all
Exact = Mapping[str, Units] | None
_HEAD: Final = "head"
_PLAN: Final = "plan"


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that is there: size of its tree, bytes and SHA-256 of its file."""

    tree_size: int
    size_bytes: int
    digest: str
    statements: int


def write_bundle(bundle: Bundle, wanted: Wanted, show: Show) -> Made:
    """Write what is missing of a bundle, and then the whole under its name.

    Raises:
        Unavailable: `not_anchored`, `bundle_too_large`.
        LedgerConflict: `history_erased`; whatever `show` raises.
        IntegrityBreach: the ledger's rows or files contradict each other.
        OSError: the disk is full.
    """
    folder = folder_of(bundle)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    head = _pin(folder)
    try:
        plan = plan_bundle(wanted, head)
    except Unavailable:
        (folder / _HEAD).unlink()  # a later checkpoint will have the lot
        raise
    chains = b"".join(chain_lines(plan))
    _forget_other_plans(folder, chains)
    work = _Work(folder, wanted, plan, chains, head, show)
    members = [work.member(name) for name in (CHECKPOINT, CHAINS, ENTRIES, MAP, TREE)]
    size_bytes, digest = _put_together(plan, folder, members, path_of(bundle))
    return Made(head.size, size_bytes, digest, len(work.order))


class _Work:
    """The members of one bundle."""

    def __init__(
        self,
        folder: Path,
        wanted: Wanted,
        plan: Plan,
        chains: bytes,
        head: PublishedHead,
        show: Show,
    ) -> None:
        self._folder, self._wanted, self._plan = folder, wanted, plan
        self._chains = chains
        self._head, self._show = head, show
        self.order = plan.order()

    def member(self, name: str) -> Packed:
        """The member as it is packed in its file; written now unless it is there."""
        known = _read_header(self._folder / name)
        if known is not None:
            return known
        try:
            return _write(self._folder / name, self._pieces(name))
        except NeedsReplay:
            exact = replayed(self._wanted.batches, tick=self._tick)
            return _write(self._folder / name, self._entries(exact))

    def _pieces(self, name: str) -> Iterable[bytes]:
        if name == CHECKPOINT:
            return [self._plan.note]
        if name == CHAINS:
            return [self._chains]
        if name == ENTRIES:
            return self._entries(None)
        if name == MAP:
            return map_pieces(self._plan, map_under(self._head).prove)
        return tree_pieces(self._plan, tree_under(self._head))

    def _entries(self, exact: Exact) -> Iterator[bytes]:
        return entry_lines(self._plan, self._sayings(exact))

    def _sayings(self, exact: Exact) -> Iterator[Saying]:
        goods = LotGoods(self._wanted.batches, exact)
        done, total = 0, len(self.order)
        for part in iter_sealed(self.order):
            whole = goods.extend(part) if self._plan.form == WHOLE else map(plain, part)
            for saying in whole:
                yield saying
                done += 1
                self._show(done, total)

    def _tick(self) -> None:
        self._show(0, len(self.order))


def _pin(folder: Path) -> PublishedHead:
    """The checkpoint that this bundle is under, the same after a crash."""
    path = folder / _HEAD
    if path.is_file():
        return anchoring.read_head(path.read_bytes())
    head = newest_checkpoint()
    if head is None:
        raise Unavailable("not_anchored", retry_after_seconds=5, wanted="a checkpoint")
    _replace(path, head.note)
    return head


def _forget_other_plans(folder: Path, chains: bytes) -> None:
    """Members of a plan that has changed since, by a lot more, are written again.

    Args:
        chains: all lines that say what the plan shows.
    """
    wanted, path = hashlib.sha256(chains).hexdigest().encode(), folder / _PLAN
    if path.is_file() and path.read_bytes() == wanted:
        return
    for stale in folder.iterdir():
        if stale.name != _HEAD:
            stale.unlink()
    _replace(path, wanted)


def _write(path: Path, pieces: Iterable[bytes]) -> Packed:
    """Pack a member into its file; what describes it is written last."""
    with path.open("wb") as file:
        packer = Packer(path.name, file)
        for piece in pieces:
            packer.write(piece)
        packed = packer.finish()
        file.flush()
        os.fsync(file.fileno())
    header = packed.header
    facts = {
        "crc": header.crc,
        "packed": header.packed,
        "size": header.size,
        "digest": packed.digest.hex(),
    }
    _replace(_facts_of(path), json.dumps(facts).encode())
    return packed


def _read_header(path: Path) -> Packed | None:
    facts = _facts_of(path)
    if not facts.is_file() or not path.is_file():
        return None
    said = json.loads(facts.read_bytes())
    if path.stat().st_size != said["packed"]:
        return None
    header = Header(path.name, said["crc"], said["packed"], said["size"])
    return Packed(header, bytes.fromhex(said["digest"]))


def _put_together(
    plan: Plan, folder: Path, members: list[Packed], path: Path
) -> tuple[int, str]:
    """The zip under its name; its size and SHA-256."""
    temporary = folder / "zip"
    with ExitStack() as stack:
        files = [
            (each, stack.enter_context((folder / each.header.name).open("rb")))
            for each in members
        ]
        scratch = stack.enter_context((folder / "manifest").open("w+b"))
        out = stack.enter_context(temporary.open("wb"))
        hashing = _Hashing(out)
        assemble(hashing, plan, files, scratch)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
    _sync(path.parent)
    return hashing.size, hashing.digest.hexdigest()


class _Hashing:
    """A file to write to, that knows what went by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self._file.write(data)


def remove_files(bundle: Bundle) -> None:
    """Take the bundle's file and what was left of its making away."""
    path_of(bundle).unlink(missing_ok=True)
    shutil.rmtree(folder_of(bundle), ignore_errors=True)


def _facts_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.facts")


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
