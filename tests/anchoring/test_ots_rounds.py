"""OpenTimestamps: promised by calendars, kept by a block, read by the standard client."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.clients.anchors import find_judge
from apps.anchoring.models import AnchorPromise, AnchorToken
from pharmatrace.fsck.anchors import check_anchors
from pharmatrace.fsck.outside import look_outside
from tests.anchoring.ots import COOKIE, ots, said
from tests.anchoring.outsider import verify_public
from tests.anchoring.tsa import grow, kinds

__all__ = ["ots", "said"]

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
LOOK = timedelta(minutes=15)


def client(*arguments: str | Path) -> str:
    """What `ots`, the standard client, says; it must end well."""
    done = subprocess.run(
        [Path(sys.executable).parent / "ots", "--no-cache", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def finish(ots, at):
    """A promise, its block, and the receipt in the log."""
    operations.anchor_due(at=at)
    height = ots.calendars[0].confirm(ots.bitcoin, at, blocks=3)
    result = operations.anchor_due(at=at + LOOK)
    operations.sequence(at=at + LOOK)
    assert result.stamped == ("bitcoin",)
    return height


def test_promised_now_and_kept_when_a_block_has_it(ots, said, log):
    result = operations.anchor_due(at=said)
    assert result.promised == {"bitcoin": "promised by 2 of 2 calendars"}
    assert operations.anchor_due(at=said + LOOK).promised == {
        "bitcoin": "waits for a block"
    }
    height = ots.calendars[1].confirm(ots.bitcoin, said)
    note = f"block {height}, 1 of 3 confirmations"
    assert note in operations.anchor_due(at=said + 2 * LOOK).promised["bitcoin"]
    assert not AnchorToken.objects.exists()
    ots.bitcoin.mine(said, count=2)

    result = operations.anchor_due(at=said + 3 * LOOK)
    operations.sequence(at=said + HOUR)

    assert result.stamped == ("bitcoin",)
    assert kinds(log) == [1, 3, 4, 3]
    assert verify_public(log) == 4
    header = ots.bitcoin.blocks[height]
    row = AnchorToken.objects.get()
    seconds = int.from_bytes(header[68:72], "little")
    assert row.stamped_at == datetime.fromtimestamp(seconds, tz=UTC)
    assert row.facts == {
        "chain": "bitcoin-regtest",
        "block_number": height,
        "block_hash": ots.bitcoin.name(height),
        "header": header.hex(),
    }
    assert not AnchorPromise.objects.exists()


def test_the_digest_is_that_of_the_checkpoints_text(ots, said):
    asked: list[bytes] = []
    calendar = ots.calendars[0]
    calendar.answer = lambda method, path, body: (
        asked.append(body) or calendar.honest(method, path, body)
    )
    operations.anchor_due(at=said)

    assert asked == [sha256(queries.find_head_text(2).encode()).digest()]


def test_the_standard_client_reads_what_is_published(ots, said, log, tmp_path):
    height = finish(ots, said)
    receipt = json.loads((log / "anchors/2.json").read_bytes())
    head = tmp_path / "head.txt"
    head.write_text(receipt["checkpoint"])

    told = client("info", log / "anchors/2.ots")

    digest = sha256(head.read_bytes()).hexdigest()
    assert f"File sha256 hash: {digest}" in told
    assert f"BitcoinBlockHeaderAttestation({height})" in told
    assert "PendingAttestation" not in told


def test_the_standard_client_verifies_it_with_a_node_of_its_own(
    ots, said, log, tmp_path
):
    height = finish(ots, said)
    head = tmp_path / "head.txt"
    head.write_text(json.loads((log / "anchors/2.json").read_bytes())["checkpoint"])
    node = ots.bitcoin.url.replace("http://", f"http://{COOKIE}@")

    told = client(
        *("--btc-regtest", "--bitcoin-node", node),
        *("verify", "-f", head, log / "anchors/2.ots"),
    )

    assert f"Success! Bitcoin block {height} attests existence as of" in told


def test_headers_from_a_node_of_ones_own(ots, said):
    ots.write(headers=f"core {ots.bitcoin.url} cookie")

    height = finish(ots, said)

    assert AnchorToken.objects.get().facts["block_number"] == height
    assert {"getblockhash", "getblockheader"} <= {*ots.bitcoin.asked}


def open_own(rest, folder, budget):
    """A source that a table may name by its dotted name."""
    from apps.anchoring.clients.ots.headers import open_esplora

    return open_esplora(rest[1:], folder, budget)


def test_headers_from_a_source_that_is_plugged_in(ots, said):
    name = f"{__name__}.open_own"
    ots.write(headers=f"{name} some-word {ots.bitcoin.url}")

    assert finish(ots, said) > 0
    assert AnchorToken.objects.get().stamped_at is not None


def test_without_headers_it_says_what_was_not_checked(ots, said, client, log):
    ots.write(headers=None)
    height = finish(ots, said)

    row = AnchorToken.objects.get()
    assert row.stamped_at is None
    assert row.facts == {"chain": "bitcoin-regtest", "block_number": height}
    words = f"attested by block {height} of bitcoin-regtest, header not checked"
    assert words in queries.anchors_line(said + LOOK).detail
    assert words in client.get("/ledger").content.decode()
    receipt = json.loads((log / "anchors/2.json").read_bytes())
    assert "stamped_ms" not in receipt
    assert ots.bitcoin.asked == []
    assert list(check_anchors(4, files=look_outside().anchors)) == []


def test_fsck_checks_the_proof_and_the_header_without_a_network(ots, said):
    finish(ots, said)
    ots.end()

    assert list(check_anchors(4, files=look_outside().anchors)) == []
    row = AnchorToken.objects.get()
    judge = find_judge(name="gone", kind="ots")
    text = queries.find_head_text(2).encode()
    stamp = judge.verify(bytes(row.token), text, facts=row.facts)
    assert (stamp.stamped_at, stamp.facts) == (row.stamped_at, row.facts)


def test_one_calendar_that_is_down_does_no_harm(ots, said):
    ots.calendars[1].end()

    result = operations.anchor_due(at=said)

    assert result.promised == {"bitcoin": "promised by 1 of 2 calendars"}
    ots.calendars[0].confirm(ots.bitcoin, said, blocks=3)
    assert operations.anchor_due(at=said + LOOK).stamped == ("bitcoin",)


def test_calendars_that_forgot_are_asked_anew(ots, said):
    operations.anchor_due(at=said)
    for calendar in ots.calendars:
        calendar.waiting = {}

    result = operations.anchor_due(at=said + timedelta(days=7, minutes=1))

    assert result.failed["bitcoin"].code == "calendar_forgot"
    assert not AnchorPromise.objects.exists()
    later = said + timedelta(days=7, minutes=3)
    assert operations.anchor_due(at=later).promised


def test_late_has_a_period_of_its_own(ots, said):
    operations.anchor_due(at=said)

    assert queries.anchors_line(said + 24 * HOUR).is_well
    line = queries.anchors_line(said + 24 * HOUR + LOOK)
    assert not line.is_well
    assert line.detail.endswith("late")
    ots.write(late="2 hours")
    assert not queries.anchors_line(said + 3 * HOUR).is_well


def test_nothing_new_is_promised_while_one_is_open(ots, said):
    operations.anchor_due(at=said)
    grow("lot B", said)
    operations.anchor_due(at=said + 5 * HOUR)

    posts = [each for each in ots.calendars[0].asked if each[0] == "POST"]
    assert len(posts) == 1


def test_the_published_file_has_the_type_of_its_format(ots, said, client):
    finish(ots, said)

    answer = client.get("/log/anchors/2.ots")

    assert answer["Content-Type"] == "application/vnd.opentimestamps.v1"
    assert answer.content.startswith(b"\x00OpenTimestamps\x00\x00Proof\x00")
