"""Rows and files changed at random places: each is found and named, and a true one not.

tests/fsck changes one column after the other and wants its exact finding; here chance
chooses. CI takes one place a column of the evidence and one a kind of file, and
`make faults` ten.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.core.errors import TraceError
from apps.core.note import Note
from apps.core.tiles import ENTRIES, Tile
from tests.faults.conftest import IS_ALL, open_site
from tests.faults.judging import Outsider

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

PLACES = 10 if IS_ALL else 1
EVIDENCE = (
    *("ledger_statement", "ledger_vault", "ledger_leaf"),
    *("anchoring_treestate", "anchoring_mapentry"),
    *("anchoring_checkpoint", "anchoring_signednote"),
)
# What nothing follows from, so nobody can tell another value from the true one.
NOBODYS_WORD = {
    ("ledger_statement", "accept_no"): "the order of the queue; the log has its own",
    ("anchoring_signednote", "signed_at"): "our own clock, for people",
    ("anchoring_signednote", "(a row)"): "a head that was committed may be unsigned",
}
FILES = {
    "a tile": "log-public/tile/[0-9]*/**/*",
    "a bundle": "log-public/tile/entries/**/*",
    "a recall": "log-public/recalls/*",
    "the checkpoint": "log-public/checkpoint",
    "the policy": "log-public/policy",
    "the lock store": "lockstore",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = open_site(tmp_path_factory.mktemp("site"))
    site.do("open")
    site.do("box")
    site.do("integrate")
    site.do("recall")
    site.do("say", 3)
    site.do("integrate")
    Outsider(site.log, site.folder / "memory").follow()
    yield site
    site.end()


def test_true_ledgers_raise_no_alarm(site, tmp_path):
    assert site.do("look")["findings"] == []
    assert Outsider(site.log, tmp_path / "memory").follow().new_leaves > 20


def test_a_change_in_any_column_of_the_evidence_is_found(site):
    classes = [tuple(each) for each in site.do("classes")]
    wanted = [
        each for each in classes if each[0] in EVIDENCE and each not in NOBODYS_WORD
    ]
    assert {table for table, _ in wanted} == {*EVIDENCE}
    assert {*NOBODYS_WORD} <= {*classes}
    for seed in range(PLACES):
        found = site.do("tamper", wanted, seed)

        unnoticed = [
            each for each, first in zip(wanted, found, strict=True) if not first
        ]
        assert unnoticed == [], f"seed {seed}"
    assert site.do("look")["findings"] == []


@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_bit_in_a_file_is_found_and_named(site, kind):
    dice = random.Random(kind)
    paths = sorted(path for path in site.folder.glob(FILES[kind]) if path.is_file())
    for _ in range(PLACES):
        path = dice.choice(paths)
        with flipped(path, dice):
            findings = site.do("findings")

        assert any(name in where for _, where, _ in findings for name in named(path))


def test_a_newcomer_refuses_a_log_with_a_flipped_bit(site, tmp_path):
    newest = Tile(ENTRIES, 0, site.do("look")["published"]).path
    for number in range(PLACES):
        with (
            flipped(site.log / newest, random.Random(number)),
            pytest.raises(TraceError),
        ):
            Outsider(site.log, tmp_path / str(number)).follow()


def test_a_newcomer_believes_no_head_with_a_flipped_bit(site, tmp_path):
    path, true = site.log / "checkpoint", Outsider(site.log, tmp_path / "true").follow()
    refused = 0
    for number in range(PLACES):
        with flipped(path, random.Random(number)):
            try:
                found = Outsider(site.log, tmp_path / str(number)).follow()
            except TraceError:
                refused += 1
                continue
            # A line that names a key of nobody is passed over (C2SP signed-note); the
            # head stands, by the log's other signature.
            assert found.head == true.head
            assert len(Note.parse(path.read_bytes()).signatures) == 2

    assert refused > PLACES // 2


@contextmanager
def flipped(path: Path, dice: random.Random) -> Iterator[None]:
    """The file with one bit changed, for a while."""
    true = path.read_bytes()
    data = bytearray(true)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(true)


def named(path: Path) -> list[str]:
    """How a finding may name a file."""
    if path.name == "lockstore":
        return ["lock store"]
    return [f"published {path.name}", path.name, "/".join(path.parts[-2:])]
