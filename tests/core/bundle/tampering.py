"""A bundle taken to pieces, changed by somebody clever, and put together again.

Digests, sizes, check sums and the manifest always fit: what is left to find is what
was changed.
"""

import base64
import copy
import io
import json
from dataclasses import dataclass
from itertools import pairwise

from apps.core.bundle.manifest import Manifest
from apps.core.bundle.zipform import CHAINS, CHECKPOINT, ENTRIES, MANIFEST, MAP, TREE
from apps.core.bundle.zipread import ZipReader
from apps.core.canonical import canonical_bytes
from tests.core.bundle.planning import zipped


@dataclass
class Parts:
    """The members of a bundle, read; lines as JSON."""

    manifest: Manifest
    note: bytes
    chains: list
    entries: list
    map: bytes
    tree: bytes

    @classmethod
    def of(cls, data):
        reader = ZipReader(io.BytesIO(data))
        read = {
            name: b"".join(reader.open(name).pieces())
            for name in (MANIFEST, CHECKPOINT, CHAINS, ENTRIES, MAP, TREE)
        }
        return cls(
            Manifest.parse(read[MANIFEST]),
            read[CHECKPOINT],
            _lines(read[CHAINS]),
            _lines(read[ENTRIES]),
            read[MAP],
            read[TREE],
        )

    def zip(self):
        """The bundle again, with the manifest that fits."""
        pieces = {
            CHECKPOINT: [self.note],
            CHAINS: [canonical_bytes(each) + b"\n" for each in self.chains],
            ENTRIES: [canonical_bytes(each) + b"\n" for each in self.entries],
            MAP: [self.map],
            TREE: [self.tree],
        }
        return zipped(self.manifest, pieces)

    def copy(self):
        return copy.deepcopy(self)


def _lines(data):
    return [json.loads(line) for line in data.splitlines()]


def heads(parts):
    """Numbers of the lines that begin a statement."""
    return [n for n, each in enumerate(parts.entries) if "said" in each]


def block(parts, number):
    """Where the lines of the statement at line `number` end."""
    end = number + 1
    while end < len(parts.entries) and not parts.entries[end].keys() & {
        "said",
        "closed",
    }:
        end += 1
    return end


def removed(parts):
    """Each statement left out, with its lines; each line and serial by itself."""
    for number, entry in enumerate(parts.entries):
        made = parts.copy()
        name = next(iter(entry))
        end = block(parts, number) if name == "said" else number + 1
        del made.entries[number:end]
        yield f"without entry {number} ({name})", made


def repeated(parts):
    """Each entry twice."""
    for number, entry in enumerate(parts.entries):
        made = parts.copy()
        made.entries.insert(number, copy.deepcopy(entry))
        yield f"entry {number} twice", made


def reordered(parts):
    """Each statement and the one behind it in the other order."""
    numbers = heads(parts)
    for one, two in pairwise(numbers):
        made = parts.copy()
        middle, end = block(parts, one), block(parts, two)
        if middle != two:
            continue  # closed leaves lie between
        made.entries[one:end] = parts.entries[two:end] + parts.entries[one:middle]
        yield f"entries {one} and {two} in the other order", made


def altered(parts, rng):
    """One value of each entry, another each time."""
    for number, entry in enumerate(parts.entries):
        for path in _paths(entry):
            if rng.random() > 0.12:
                continue
            made = parts.copy()
            value = _change(made.entries[number], path, rng)
            yield f"entry {number}, {'.'.join(map(str, path))} now {value!r:.60}", made


def altered_chains(parts, rng):
    """One value of each chain, and each chain left out."""
    for number, entry in enumerate(parts.chains):
        made = parts.copy()
        del made.chains[number]
        yield f"without chain {entry['chain']['of']}", made
        for path in _paths(entry):
            made = parts.copy()
            value = _change(made.chains[number], path, rng)
            yield f"chain {number}, {'.'.join(map(str, path))} now {value!r:.60}", made


def altered_hashes(parts, rng, times):
    """One bit of the map or the tree, or a piece more or less."""
    for name in ("map", "tree"):
        data = getattr(parts, name)
        for _ in range(times):
            at = rng.randrange(len(data))
            made = parts.copy()
            flipped = data[at] ^ 1 << rng.randrange(8)
            setattr(made, name, data[:at] + bytes([flipped]) + data[at + 1 :])
            yield f"{name} with another byte {at}", made
        for change, cut in (("longer", data + bytes(32)), ("shorter", data[:-32])):
            made = parts.copy()
            setattr(made, name, cut)
            yield f"{name} {change}", made


def _paths(value, path=()):
    """The places of all texts and numbers inside."""
    if isinstance(value, dict):
        for name, inner in value.items():
            # Role and country of a closed link are the operator's word, as is said.
            if name != "by" or "envelope" in path:
                yield from _paths(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _paths(inner, (*path, number))
    else:
        yield path


def _change(value, path, rng):
    *way, last = path
    for step in way:
        value = value[step]
    value[last] = _other(value[last], rng)
    return value[last]


def _other(value, rng):
    """Another value of the same form, as near to it as can be."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value + rng.choice([1, 2]) if value < 1 else value + rng.choice([-1, 1])
    if len(value) % 64 and _is_base64(value):
        data = bytearray(base64.b64decode(value))
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)
        return base64.b64encode(bytes(data)).decode()
    at = rng.randrange(len(value)) if value else 0
    alphabet = "0123456789abcdef" if value[:1] in "0123456789abcdef" else "ABCXYZ"
    new = rng.choice([each for each in alphabet if each != value[at : at + 1]])
    return value[:at] + new + value[at + 1 :]


def _is_base64(value):
    try:
        return (
            base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
        )
    except ValueError:
        return False
