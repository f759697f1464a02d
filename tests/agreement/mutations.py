"""Small lies about JSON and bytes, drawn from a seeded generator: always the same ones."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]
_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53 - 1, "", "x", [], {}, "\u00e9", "e\u0301",
    "\u202e", "0" * 64, "9521568000017", "AAAA", "2026-02-30T00:00:00.000Z", ["*"],
)  # fmt: skip


def paths(value: Any, ahead: Path = ()) -> Iterator[Path]:
    """Where every value inside `value` stands."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for name, each in inside:
        yield (*ahead, name)
        yield from paths(each, (*ahead, name))


def get(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: Path, new: Any) -> None:
    get(value, path[:-1])[path[-1]] = new


def change(rng: random.Random, document: Any) -> Any:
    """A copy of `document` with one small lie in it."""
    made = copy.deepcopy(document)
    path = rng.choice(list(paths(made)))
    kinds = [_remove, _strange, _add, _swap, _twice, _alike, _alike, _alike, _reorder]
    rng.choice(kinds)(rng, made, path)
    return made


def _remove(rng: random.Random, made: Any, path: Path) -> None:
    del get(made, path[:-1])[path[-1]]


def _strange(rng: random.Random, made: Any, path: Path) -> None:
    put(made, path, copy.deepcopy(rng.choice(_STRANGE)))


def _add(rng: random.Random, made: Any, path: Path) -> None:
    inside = get(made, path)
    if isinstance(inside, dict):
        inside["extra"] = 1
    elif isinstance(inside, list):
        inside.append(copy.deepcopy(rng.choice(_STRANGE)))
    else:
        _alike(rng, made, path)


def _swap(rng: random.Random, made: Any, path: Path) -> None:
    """Two values of one name or list change their places."""
    alike = [each for each in paths(made) if each[-1] == path[-1] and each != path]
    alike = [each for each in alike if each[: len(path)] != path != each]
    alike = [each for each in alike if path[: len(each)] != each]
    if not alike:
        _alike(rng, made, path)
        return
    other = rng.choice(alike)
    first, second = get(made, path), get(made, other)
    put(made, path, second)
    put(made, other, first)


def _twice(rng: random.Random, made: Any, path: Path) -> None:
    inside = get(made, path[:-1])
    if isinstance(inside, list):
        inside.insert(path[-1], copy.deepcopy(inside[path[-1]]))
    else:
        _strange(rng, made, path)


def _reorder(rng: random.Random, made: Any, path: Path) -> None:
    inside = get(made, path)
    if isinstance(inside, list) and len(inside) > 1:
        inside.reverse()
    else:
        _alike(rng, made, path)


def _alike(rng: random.Random, made: Any, path: Path) -> None:
    """Another value of the same type, close to the old one."""
    old = get(made, path)
    if isinstance(old, bool) or old is None:
        put(made, path, not old)
    elif isinstance(old, int):
        put(made, path, old + rng.choice((-1, 1, 60_000, -60_001, 10**9)))
    elif isinstance(old, str) and old:
        put(made, path, other_text(rng, old))
    else:
        _strange(rng, made, path)


def other_text(rng: random.Random, old: str) -> str:
    """A text like `old`: a character less, more, other or moved; or another line."""
    if old.isalnum() and set(old) <= set("0123456789abcdef") and rng.random() < 0.8:
        return _other_digit(rng, old)
    at = rng.randrange(len(old))
    lines = old.split("\n")
    makers: list[Callable[[], str]] = [
        lambda: old[:at] + old[at + 1 :],
        lambda: old[:at] + old[at] + old[at:],
        lambda: old[:at] + rng.choice("0aA+/=\u00e9 \n#:") + old[at + 1 :],
        old.swapcase,
        lambda: flip_base64(rng, old),
        lambda: flip_base64(rng, old),
        lambda: flip_base64(rng, old),
        lambda: "\n".join(_other_lines(rng, lines)),
        lambda: "\n".join(_other_lines(rng, lines)),
    ]
    return rng.choice(makers)()


def _other_digit(rng: random.Random, old: str) -> str:
    """One digit is another, hex where there was hex."""
    at = rng.randrange(len(old))
    digits = "0123456789" if old.isdigit() else "0123456789abcdef"
    return old[:at] + rng.choice(digits.replace(old[at], "")) + old[at + 1 :]


def flip_base64(rng: random.Random, old: str) -> str:
    """One bit of what `old` spells is another, if it is base64."""
    try:
        data = bytearray(base64.b64decode(old, validate=True))
    except ValueError:
        return old[::-1]
    if not data:
        return "AA=="
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return base64.b64encode(bytes(data)).decode()


def _other_lines(rng: random.Random, lines: list[str]) -> list[str]:
    """A line less, twice, moved, changed in its base64, or counted on."""
    made, at = list(lines), rng.randrange(len(lines))
    kind = rng.randrange(5)
    if kind == 0:
        del made[at]
    elif kind == 1:
        made.insert(at, made[at])
    elif kind == 2:
        made.insert(rng.randrange(len(made)), made.pop(at))
    elif kind == 3:
        head, _, last = made[at].rpartition(" ")
        made[at] = f"{head} {flip_base64(rng, last)}".strip()
    else:
        head, _, last = made[at].rpartition(" ")
        made[at] = f"{head} {int(last) + 1 if last.isdigit() else last}".strip()
    return made


def flip_byte(rng: random.Random, data: bytes) -> bytes:
    """`data` with one bit, or one byte, that is another."""
    made = bytearray(data)
    at = rng.randrange(len(made))
    made[at] ^= rng.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))
    return bytes(made)


def dumped(document: Any) -> bytes:
    """`document` as a file."""
    return json.dumps(document).encode("utf-8", "surrogatepass")
