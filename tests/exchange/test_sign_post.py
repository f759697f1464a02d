"""pharmatrace-sign against the site itself: what it sends, the doors take or refuse."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from apps.custody.models import Container
from apps.ledger.models import Statement
from apps.partners.models import SigningKey
from tests.cast import NOVAMED
from tests.custody.goods import box, site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse"


class Room:
    """A machine room: keys, a passphrase, a token, and the command.

    Args:
        folder: where the files are.
        site: address of the site that is posted to.
        machine: asks the site for drafts.
    """

    def __init__(self, folder, site, machine):
        self.folder, self.site, self.machine = folder, site, machine
        self.write("pass", PASSPHRASE)
        self.write("token", machine.headers["Authorization"].removeprefix("Bearer "))

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run(self, *arguments):
        """The command as a process: exit code, output, complaint."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "apps.core.outside.sign", *arguments),
                *("--passphrase-file", str(self.folder / "pass")),
            ],
            cwd=ROOT,
            env={"PATH": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def draft(self, name, wish):
        """Keep what the site drafted."""
        drafted = self.machine.draft(wish)
        assert drafted.status == 200, drafted.body
        (self.folder / name).write_bytes(drafted.body)
        return drafted.json["statement_id"]

    def sign(self, name, key, *more):
        """Sign a file with a key."""
        return self.run(
            *("sign", str(self.folder / name), "--key", str(self.folder / key), *more)
        )

    def post(self, name, key, *, bearer="token"):
        """Sign a file with a key and send it to the site."""
        token_file = str(self.folder / bearer)
        return self.sign(name, key, "--post", self.site, "--token-file", token_file)


@pytest.fixture
def room(live, novamed, live_server, tmp_path):
    kept = Room(tmp_path, live_server.url, novamed)
    admin = live.keyring.key_of(NOVAMED).private_bytes(
        Encoding.PEM,
        PrivateFormat.PKCS8,
        BestAvailableEncryption(PASSPHRASE.encode()),
    )
    (tmp_path / "admin.pem").write_bytes(admin)
    return kept


def empty_case(number):
    return {"step": "new_container", "site": site(NOVAMED), "container": box(number)}


def test_a_machines_key_is_enrolled_and_signs_what_the_site_takes(room):
    code, out, _err = room.run("keygen", "--out", str(room.folder / "erp.pem"))
    made = json.loads(out)
    wish = {"kind": "key.enrol", "role": "signer"}
    room.draft("enrol.json", {**wish, "alg": made["alg"], "spki_b64": made["spki_b64"]})
    half = room.sign("enrol.json", "erp.pem")
    room.write("half.json", half[1])

    enrolled = room.post("half.json", "admin.pem")
    said = room.draft("case.json", {"kind": "event", **empty_case(1)})
    posted = room.post("case.json", "erp.pem")

    assert (code, half[0], enrolled[0]) == (0, 0, 0), enrolled[2]
    assert SigningKey.objects.get(keyid=made["keyid"]).partner.gln == NOVAMED.gln
    assert posted[0] == 0, posted[2]
    assert json.loads(posted[1])["statement_id"] == said
    assert Container.objects.get(epc=box(1)).holder == NOVAMED.gln


def test_a_file_of_events_goes_along_and_sending_it_again_changes_nothing(room):
    events = [empty_case(number) for number in (1, 2, 3)]
    said = room.draft("cases.json", {"kind": "events", "events": events})

    first, again = (room.post("cases.json", "admin.pem") for _ in range(2))

    assert (first[0], again[0]) == (0, 0), first[2] + again[2]
    assert json.loads(first[1]) == json.loads(again[1])
    assert Statement.objects.filter(id=said).count() == 1
    assert Container.objects.count() == 3


def test_a_refusal_is_shown_in_the_sites_own_words_and_nothing_is_written(room):
    room.write("wrong", "pt_000000000000_nobody")
    for name in ("first.json", "late.json"):
        room.draft(name, {"kind": "event", **empty_case(1)})
    code, _out, stranger = room.post("first.json", "admin.pem", bearer="wrong")
    assert (code, Container.objects.count()) == (1, 0)
    assert room.post("first.json", "admin.pem")[0] == 0
    before = Statement.objects.count()

    late, _out, err = room.post("late.json", "admin.pem")

    assert "401 {" in stranger
    assert late == 1
    assert "409 {" in err
    assert Statement.objects.count() == before
