"""Input that nobody sends by accident: what every write route must refuse in words.

Each kind has a name and bytes. `JSON` is no I-JSON object of ours, `VALUES` stands
where something else is wanted, `CSV` is a file of serials with something wrong.
"""

import codecs
import gzip
import json
from collections.abc import Iterator
from typing import Any

_DEEP = 100_000

JSON: dict[str, bytes] = {
    "nothing": b"",
    "blank": b" \r\n\t",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": codecs.BOM_UTF16_LE + '{"kind":"event"}'.encode("utf-16-le"),
    "Latin-1": b'{"kind":"\xe9v\xe9nement"}',
    "overlong UTF-8": b'{"kind":"\xc0\x80"}',
    "encoded surrogate": b'{"kind":"\xed\xa0\x80"}',
    "NUL byte": b'{"kind":"ev\x00ent"}',
    "NUL before": b'\x00{"kind":"event"}',
    "NUL escaped": b'{"kind":"ev\\u0000ent"}',
    "NUL in a name": b'{"ki\\u0000nd":"event"}',
    "high surrogate alone": b'{"kind":"\\ud800"}',
    "low surrogate alone": b'{"kind":"\\udc00x"}',
    "surrogates swapped": b'{"kind":"\\udc00\\ud800"}',
    "surrogate as a name": b'{"\\ud800":1}',
    "noncharacter": b'{"kind":"\\uffff"}',
    "control in a string": b'{"kind":"a\nb"}',
    "unknown escape": b'{"kind":"\\x41"}',
    "name twice": b'{"kind":"event","kind":"event"}',
    "name twice inside": b'{"kind":"event","to":{"gln":"1","gln":"2"}}',
    "name twice by escape": b'{"kind":"event","k\\u0069nd":"event"}',
    "arrays without end": b"[" * _DEEP,
    "arrays to the bottom": b"[" * _DEEP + b"]" * _DEEP,
    "objects to the bottom": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "one level too deep": b'{"kind":' + b"[" * 64 + b"]" * 64 + b"}",
    "brackets in an open string": b'{"kind":"' + b"[" * _DEEP,
    "comma at the end": b'{"kind":"event",}',
    "more after the end": b'{"kind":"event"} x',
    "two documents": b'{"kind":"event"}{"kind":"event"}',
    "comment": b'{"kind":"event"/* ship */}',
    "single quotes": b"{'kind':'event'}",
    "NaN": b'{"kind":"event","n":NaN}',
    "Infinity": b'{"kind":"event","n":-Infinity}',
    "minus zero": b'{"kind":"event","n":-0}',
    "beyond doubles": b'{"kind":"event","n":1e400}',
    "2^53": b'{"kind":"event","n":9007199254740992}',
    "a million digits": b'{"kind":"event","n":' + b"9" * 1_000_000 + b"}",
    "leading zero": b'{"kind":"event","n":007}',
    "full-width digits": '{"kind":"event","n":１２}'.encode(),
    "a bare word": b"event",
    "null": b"null",
    "a number": b"42",
    "a string": b'"event"',
    "an array": b'[{"kind":"event"}]',
    "open string": b'{"kind":"event',
    "open object": b'{"kind":"event"',
    "a million names": b"{"
    + b",".join(b'"%d":0' % number for number in range(100_000))
    + b"}",
    "three megabytes": b'{"kind":"' + b"x" * 3_000_000 + b'"}',
    "gzip": gzip.compress(b'{"kind":"event"}'),
    "XML": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "a form": b"kind=event&step=ship",
}

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "the largest integer": 2**53 - 1,
    "empty text": "",
    "a blank": " ",
    "long text": "x" * 5_000,
    "full-width digits": "０９５２１５６８２５１２０４",
    "zero-width": "A\u200b123",
    "look-alike": "\u0410123",
    "right to left": "\u202eabc",
    "decomposed": "Cafe\u0301",
    "path": "../../etc/passwd",
    "SQL": "'; DROP TABLE ledger_leaf; --",
    "percent": "%00%s%(x)s",
    "empty list": [],
    "list of null": [None],
    "list of lists": [[[]]],
    "list of text": ["x"],
    "many": ["x"] * 3_000,
    "empty object": {},
    "object": {"a": {"b": []}},
    "list of objects": [{}],
    "a date that is none": "2028-02-30",
    "a year too far": "99999-01-01T00:00:00.000Z",
}

CSV: dict[str, bytes] = {
    "one blank": b" ",
    "only line ends": b"\n\r\n\n",
    "only a header": b"serial\n",
    "NUL in a serial": b"serial\nA\x001\n",
    "NULs only": b"\x00" * 5_000,
    "endless quote": b'serial\n"A1\n' + b"B2\n" * 50,
    "quotes only": b'"""""\n',
    "text after a quote": b'"A1"x\n',
    "a very long line": b"A" * 300_000,
    "no line end but CR": b"serial\rA1\rB2\r",
    "UTF-16": "serial\nA1\n".encode("utf-16"),
    "UTF-16 without mark": "serial\nA1\n".encode("utf-16-le"),
    "Latin-1": "serial\nÄ1\n".encode("latin-1"),
    "byte order mark twice": b"\xef\xbb\xbf\xef\xbb\xbfA1\n",
    "a formula": b'serial\n=cmd|"/C calc"!A0\n',
    "rounded by a spreadsheet": b"serial\n1.23457E+11\n",
    "a thousand columns": b"serial" + b",x" * 1_000 + b"\n",
    "unknown columns": b"serial,colour\nA1,red\n",
    "no serial column": b"gtin,lot\n09521568251204,A123\n",
    "header twice": b"serial,serial\nA1,A1\n",
    "serial twice": b"serial\nA1\nA1\n",
    "too long": b"serial\n" + b"A" * 21 + b"\n",
    "outside set 82": b"serial\nA1#\n",
    "full-width": "serial\nＡ１\n".encode(),
    "zero-width": "serial\nA\u200b1\n".encode(),
    "look-alike": "serial\n\u04101\n".encode(),
    "other GTIN": b"serial,gtin\nA1,04006381333931\n",
    "bad check digit": b"serial,gtin\nA1,09521568251203\n",
    "other lot": b"serial,lot\nA1,B999\n",
    "other expiry": b"serial,expiry\nA1,2031-01-01\n",
    "impossible expiry": b"serial,expiry\nA1,2028-02-30\n",
    "a PDF": b"%PDF-1.7\n",
    "half an archive": b"PK\x03\x04" + b"\x00" * 200,
    "gzip in gzip": gzip.compress(gzip.compress(b"serial\nA1\n")),
    "HTML": b"<html><script>alert(1)</script></html>\n",
    "JSON": b'{"serial":["A1"]}\n',
}


def swap_members(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """`value` with each member, in turn, replaced by each hostile value or left out.

    Members of objects inside are swapped too.
    """
    for name, inner in value.items():
        yield f"without {name}", {k: v for k, v in value.items() if k != name}
        for kind, hostile in VALUES.items():
            yield f"{name}: {kind}", value | {name: hostile}
        if isinstance(inner, dict):
            for what, changed in swap_members(inner):
                yield f"{name}.{what}", value | {name: changed}
    yield "a member more", value | {"surprise": 1}


def as_json(value: Any) -> bytes:
    """`value` as JSON bytes."""
    return json.dumps(value, ensure_ascii=False).encode()
