"""C2SP trust policies: which logs and which quorum of witnesses a reader believes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Self

from .checkpoint import SignedCheckpoint, open_checkpoint
from .errors import MalformedInput, ProofError
from .notekey import SignatureType, VerifierKey, cosignature_time
from .strict import parse_decimal, parse_utf8

MAX_POLICY_BYTES = 1_000_000
NO_QUORUM = "none"
_LOG_KINDS = (SignatureType.ED25519, SignatureType.COSIGNATURE_MLDSA44)
_WITNESS_KINDS = (SignatureType.COSIGNATURE_ED25519, SignatureType.COSIGNATURE_MLDSA44)


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log that the reader believes; the key's name is its origin."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness; `name` means something inside the policy only."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """At least `threshold` of the members, witnesses or earlier groups."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a reader believes; built by `parse`, which checks that it makes sense."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A policy from its file.

        Raises:
            MalformedInput: a line that says nothing known, a name undefined, defined
                twice or a member twice, a key twice or of an unfit type, a threshold
                no group can meet, no quorum or two, a last line cut short.
        Source: tlog-policy, "Policy file syntax and structure".
        """
        if len(data) > MAX_POLICY_BYTES:
            raise MalformedInput("policy_too_large", field="policy", got=len(data))
        if data and not data.endswith(b"\n"):
            raise MalformedInput("unterminated_line", field="policy")
        reader = _Reader()
        for number, line in enumerate(data.split(b"\n"), start=1):
            reader.read_line(number, line)
        if reader.quorum is None:
            raise MalformedInput("no_quorum", field="policy", wanted="a quorum line")
        return cls(
            tuple(reader.logs),
            tuple(reader.witnesses),
            tuple(reader.groups),
            reader.quorum,
        )

    def format(self) -> bytes:
        """The policy as a file that `parse` reads."""
        lines = [_line("log", log.key.format(), log.url) for log in self.logs]
        lines += [
            _line("witness", w.name, w.key.format(), w.url) for w in self.witnesses
        ]
        for group in self.groups:
            lines.append(
                _line("group", group.name, str(group.threshold), *group.members)
            )
        lines.append(_line("quorum", self.quorum))
        return "".join(lines).encode("utf-8", "surrogateescape")

    def is_quorum(self, cosigned: Collection[str]) -> bool:
        """Whether the witnesses of these policy names are strong enough together."""
        if self.quorum == NO_QUORUM:
            return True
        names = {witness.name for witness in self.witnesses}
        met = names.intersection(cosigned)
        for group in self.groups:
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(group.name)
        return self.quorum in met

    def cosigned_names(self, signed: SignedCheckpoint) -> frozenset[str]:
        """The policy names of the witnesses whose lines on `signed` were verified."""
        ids = {(one.name, one.key_id) for one in signed.cosignatures}
        return frozenset(
            witness.name
            for witness in self.witnesses
            if (witness.key.name, witness.key.key_id) in ids
        )

    def seen_seconds(self, signed: SignedCheckpoint) -> int | None:
        """The latest moment, POSIX seconds, at which a quorum had seen `signed`.

        None where the policy asks for no witness, or those that cosigned are none.
        """
        if self.quorum == NO_QUORUM:
            return None
        names = {(one.key.name, one.key.key_id): one.name for one in self.witnesses}
        seen = [
            (cosignature_time(one.signature), names[one.name, one.key_id])
            for one in signed.cosignatures
            if (one.name, one.key_id) in names
        ]
        for at, _ in sorted(seen, reverse=True):
            if self.is_quorum({name for later, name in seen if later >= at}):
                return at
        return None


def open_trusted_checkpoint(data: bytes, policy: Policy) -> SignedCheckpoint:
    """The checkpoint in `data`, if a reader with this policy believes it.

    Raises:
        MalformedInput: not a checkpoint.
        UntrustedSignature: not signed by a log of the policy, or a bad signature.
        ProofError: the witnesses that cosigned are no quorum.
    """
    signed = open_checkpoint(
        data,
        log_keys=[log.key for log in policy.logs],
        witness_keys=[witness.key for witness in policy.witnesses],
    )
    cosigned = policy.cosigned_names(signed)
    if not policy.is_quorum(cosigned):
        raise ProofError(
            "no_quorum",
            field="checkpoint",
            got=", ".join(sorted(cosigned)) or "no witness",
            wanted=f"quorum {policy.quorum}",
        )
    return signed


def _line(*items: str) -> str:
    return " ".join(item for item in items if item) + "\n"


def _refuse(code: str, got: object = None, wanted: str = "") -> MalformedInput:
    return MalformedInput(code, field="policy", got=got, wanted=wanted)


@dataclass(slots=True)
class _Reader:
    """Reads a policy line by line; names may be used only after their definition."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[PolicyGroup] = field(default_factory=list)
    quorum: str | None = None
    _defined: set[str] = field(default_factory=lambda: {NO_QUORUM})
    _members: set[str] = field(default_factory=set)

    def read_line(self, number: int, line: bytes) -> None:
        if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in line):
            raise _refuse("control_character", got=f"line {number}")
        # Names are opaque octets: escaping keeps those that are not UTF-8 apart.
        keyword, *items = [
            item.decode("utf-8", "surrogateescape") for item in line.split()
        ] or ["#"]
        if keyword.startswith("#"):
            return
        readers: dict[str, Callable[[list[str]], None]] = {
            "log": self._read_log,
            "witness": self._read_witness,
            "group": self._read_group,
            "quorum": self._read_quorum,
        }
        if keyword not in readers:
            raise _refuse("unknown_keyword", f"line {number}: {keyword}")
        readers[keyword](items)

    def _read_log(self, items: list[str]) -> None:
        if not 1 <= len(items) <= 2:
            raise _refuse("bad_log_line", len(items), "log <vkey> [<url>]")
        key = _parse_key(items[0], _LOG_KINDS)
        if any(key.public_key == log.key.public_key for log in self.logs):
            raise _refuse("duplicate_key", key.name)
        self.logs.append(PolicyLog(key, *items[1:]))

    def _read_witness(self, items: list[str]) -> None:
        if not 2 <= len(items) <= 3:
            raise _refuse("bad_witness_line", len(items), "witness <name> <vkey> [url]")
        key = _parse_key(items[1], _WITNESS_KINDS)
        if any(key.public_key == other.key.public_key for other in self.witnesses):
            raise _refuse("duplicate_key", key.name)
        self._define(items[0])
        self.witnesses.append(PolicyWitness(items[0], key, *items[2:]))

    def _read_group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise _refuse("bad_group_line", len(items), "group <name> <k> <name>...")
        name, threshold, *members = items
        for member in members:
            self._join(member)
        self._define(name)
        size = len(members)
        words = {"any": 1, "all": size}
        needed = words.get(threshold) or parse_decimal(
            threshold, field="policy.group", maximum=size
        )
        if needed < 1:
            raise _refuse("bad_threshold", threshold, f"1 to {size}")
        self.groups.append(PolicyGroup(name, needed, tuple(members)))

    def _read_quorum(self, items: list[str]) -> None:
        if len(items) != 1 or self.quorum is not None:
            raise _refuse("bad_quorum_line", items, "one quorum line with one name")
        if items[0] not in self._defined:
            raise _refuse("undefined_name", items[0], "a name of a line above")
        self.quorum = items[0]

    def _define(self, name: str) -> None:
        if name in self._defined:
            raise _refuse("name_defined_twice", name)
        self._defined.add(name)

    def _join(self, member: str) -> None:
        if member == NO_QUORUM or member not in self._defined:
            raise _refuse("undefined_name", member, "a name of a line above")
        if member in self._members:
            raise _refuse("member_twice", member, "each name in one group only")
        self._members.add(member)


def _parse_key(text: str, kinds: tuple[SignatureType, ...]) -> VerifierKey:
    octets = text.encode("utf-8", "surrogateescape")
    key = VerifierKey.parse(parse_utf8(octets, field="policy.vkey"))
    if key.kind not in kinds:
        raise _refuse("unfit_key_type", key.kind, ", ".join(map(str, kinds)))
    return key
