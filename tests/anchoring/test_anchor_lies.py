"""Authorities that lie, fail or dawdle: nothing of it is kept, the log goes on."""

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from apps.anchoring import operations, queries
from apps.anchoring.clients import tsa as client
from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.anchors import Stamp, find_judge
from apps.anchoring.models import AnchorPending, AnchorState, AnchorToken
from apps.core.errors import ProofError, TraceError, Unavailable
from pharmatrace import env
from tests.anchoring.network import published
from tests.anchoring.tsa import POLICY, Authority, grow

pytestmark = pytest.mark.django_db(transaction=True)


def refusal(services, now) -> TraceError:
    """Why `one` was not believed; and nothing of its answer is there."""
    grow("lot A", now)
    result = operations.anchor_now(at=now)

    assert result.stamped == ()
    assert not AnchorToken.objects.exists()
    assert not AnchorPending.objects.exists()
    fault = result.failed["one"]
    state = AnchorState.objects.get()
    assert (state.fault, state.detail) == (fault.code, str(fault))
    return fault


def query(data: bytes) -> bytes:
    asked = TimestampRequestBuilder(data, HashAlgorithm.SHA256).build()
    return asked.as_bytes()


def test_a_stamp_over_something_else(services, authority, log, now):
    tsa = services.add("one")
    tsa.answer = lambda _: (200, authority.reply(query(b"another head")))

    fault = refusal(services, now)

    assert (fault.code, fault.field) == ("stamp_differs", "hash")


def test_a_stamp_for_somebody_elses_nonce(services, authority, log, now):
    tsa = services.add("one")
    tsa.answer = lambda _: (
        200,
        authority.reply(
            query((log / "checkpoint").read_text().split("\n\n")[0].encode() + b"\n")
        ),
    )

    fault = refusal(services, now)

    assert (fault.code, fault.field) == ("stamp_differs", "nonce")


def test_a_stamp_with_another_hash(services, authority, now):
    tsa = services.add("one")
    asked = TimestampRequestBuilder(b"another head", HashAlgorithm.SHA512).build()
    tsa.answer = lambda _: (200, authority.reply(asked.as_bytes()))

    fault = refusal(services, now)

    assert (fault.code, fault.field) == ("stamp_differs", "hash algorithm")


def test_a_stamp_under_another_policy(services, now):
    services.add("one", extra='policy = "1.2.3.4.9"\n')

    fault = refusal(services, now)

    assert (fault.code, fault.field) == ("stamp_differs", "policy")
    assert (fault.got, fault.wanted) == (POLICY, "1.2.3.4.9")


def test_the_policy_that_was_asked_for(services, now):
    services.add("one", extra=f'policy = "{POLICY}"\n')
    grow("lot A", now)

    assert operations.anchor_now(at=now).stamped == ("one",)


def test_a_signer_under_other_roots(services, tmp_path, now):
    services.add("one", ca=Authority(tmp_path / "other").ca)

    assert refusal(services, now).code == "stamp_untrusted"


def test_a_signer_whose_certificate_has_expired(services, authority, monkeypatch, now):
    services.add("one")
    monkeypatch.setattr(authority, "signer", authority.certify("expired", days=-1))

    fault = refusal(services, now)

    assert fault.code == "stamp_untrusted"


def test_an_authority_without_roots_is_taken_at_its_word(services, now):
    tsa = services.add("one")
    services.path.write_text(f'[one]\nurl = "{tsa.url}"\n')
    grow("lot A", now)

    assert operations.anchor_now(at=now).stamped == ("one",)


def test_a_bent_signature(services, authority, now):
    tsa = services.add("one")

    def bend(asked: bytes) -> tuple[int, bytes]:
        answer = bytearray(authority.reply(asked))
        answer[-1] ^= 1
        return 200, bytes(answer)

    tsa.answer = bend

    assert refusal(services, now).code in {"stamp_untrusted", "bad_stamp"}


def test_a_clock_that_is_wrong(services, now):
    services.add("one")

    assert refusal(services, now + timedelta(minutes=6)).code == "stamp_time_off"


def test_a_refusal_in_the_words_of_the_protocol(services, now):
    tsa = services.add("one")
    # PKIStatusInfo: rejection (2), "too busy".
    rejected = bytes.fromhex("3011300f020102300a0c08") + b"too busy"
    tsa.answer = lambda _: (200, rejected)

    fault = refusal(services, now)

    assert (fault.code, fault.got) == ("tsa_declines", "status 2, too busy")


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (200, b"", "bad_stamp"),
        (200, b"<html>hello</html>", "bad_stamp"),
        (200, b"0\x80" * 1000, "bad_stamp"),
        (200, b"0" * 64_001, "tsa_silent"),
        (404, b"", "tsa_declines"),
        (302, b"", "tsa_declines"),
        (500, b"oh", "tsa_declines"),
    ],
)
def test_what_is_no_stamp(services, log, now, status, answer, code):
    tsa = services.add("one")
    tsa.answer = lambda _: (status, answer)

    assert refusal(services, now).code == code
    assert published(log) == 2


def test_one_that_dawdles_does_not_hold_up_the_other(services, monkeypatch, log, now):
    monkeypatch.setattr(client, "ANSWER_SECONDS", 3.0)
    slow = services.add("one")
    services.add("two")

    is_over = threading.Event()

    def dawdle(asked: bytes) -> tuple[int, bytes]:
        is_over.wait(300)
        return 200, b""

    slow.answer = dawdle
    grow("lot A", now)
    began = time.monotonic()

    result = operations.anchor_now(at=now)

    assert time.monotonic() - began < 60.0
    is_over.set()
    assert result.stamped == ("two",)
    assert result.failed["one"].code == "tsa_silent"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[one]\n", "a table of texts"),
        ("[one]\nkind = ['tsr']\n", "a table of texts"),
        ("[one]\nurl = 'http://127.0.0.1/'\nevery = '1h'\n", "wanted `90 minutes`"),
        ("[one]\nurl = 'http://127.0.0.1/'\nlate = '0 hours'\n", "`90 minutes`"),
        ("[one]\nurl = 'http://127.0.0.1/'\nevery = '2 hours'\n", "more than 2:00:00"),
        ("[one]\nurl = 'http://127.0.0.1/'\nlate = '60 minutes'\n", "more than 1:00"),
        ("one = 1\n", "a table of texts"),
        ("[One]\nurl = 'http://127.0.0.1/'\n", "short name"),
        ("[one]\nurl = 'ftp://127.0.0.1/'\n", "http or https"),
        ("[one]\nurl = 'http://127.0.0.1/'\ntimeout = '3'\n", "url (http or https)"),
        ("[one]\nurl = 'http://127.0.0.1/'\ntimeout = 3\n", "a table of texts"),
        ("[one]\nurl = 'http://127.0.0.1/'\nca = 'missing.pem'\n", "No such file"),
        ("[one]\nurl = 'http://127.0.0.1/'\nca = 'tsas.toml'\n", "PEM"),
        ("[one]\nurl = 'http://127.0.0.1/'\npolicy = 'any'\n", "a dotted number"),
        ("[one]\nkind = 'stone'\nurl = 'http://127.0.0.1/'\n", "wanted tsr, evm, ots"),
        ("[one\n", "Expected ']'"),
    ],
)
def test_settings_that_cannot_be_used(services, now, text, said):
    grow("lot A", now)
    services.path.write_text(text)

    try:
        fault: TraceError = operations.anchor_now(at=now).failed["one"]
    except Unavailable as error:
        fault = error

    assert fault.code == "anchors_unusable"
    assert said in str(fault)


def test_a_file_that_vanished_is_an_alarm(services, now):
    with pytest.raises(Unavailable, match="anchors unusable"):
        queries.anchors_line(now)


def test_a_stored_token_is_judged_without_its_service(authority):
    token = authority.reply(query(b"a head\n"))
    judge = find_judge(name="gone", kind="tsr")

    judge.verify(token, b"a head\n", facts={})
    with pytest.raises(ProofError, match="stamp differs"):
        judge.verify(token, b"another head\n", facts={})
    assert find_judge(name="gone", kind="stone") is None


def test_kinds_are_named_in_pairs(monkeypatch):
    monkeypatch.setenv("KINDS", "evm = some.module.open, ots=other.open,")
    assert env.pairs("KINDS") == {"evm": "some.module.open", "ots": "other.open"}

    monkeypatch.setenv("KINDS", "evm")
    with pytest.raises(ImproperlyConfigured, match="name=value"):
        env.pairs("KINDS")


class Stone:
    """A plug-in: it stamps with what it was given."""

    def __init__(self, options: AnchorOptions) -> None:
        self.options = options

    def stamp(self, data, *, at):
        return Stamp(self.options.values["mark"].encode() + data, at)

    def verify(self, token, data, *, facts):
        if token != self.options.values["mark"].encode() + data:
            raise ProofError("stamp_differs", field="token")
        return Stamp(token, queries.list_tokens().__next__().stamped_at)


def test_another_kind_is_plugged_in_by_its_name(settings, tmp_path: Path, log, now):
    settings.ANCHOR_KINDS = {"stone": f"{__name__}.Stone"}
    settings.ANCHOR_TSAS = str(tmp_path / "tsas.toml")
    (tmp_path / "tsas.toml").write_text("[mine]\nkind = 'stone'\nmark = 'X'\n")
    grow("lot A", now)

    operations.anchor_now(at=now)
    operations.sequence(at=now)

    assert (log / "anchors/2.stone").read_bytes().startswith(b"Xlocalhost:8000/")
    row = AnchorToken.objects.get()
    assert queries.verify_token(row, queries.find_head_text(2)).stamped_at == now
