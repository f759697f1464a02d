"""Servers that misbehave: what did not come is no lie; and rounds without end."""

import socket
import threading

import pytest

from apps.core.errors import MalformedInput
from apps.core.outside import monitor, monitor_http
from apps.core.outside.monitor import run
from apps.core.outside.monitor_http import HttpLog
from tests.core.outside.public_log import GrowingLog, answering, serving
from tests.core.outside.public_log import write as write_file


def test_a_server_that_is_not_there_is_not_checked(watch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

    code, said = watch.once(url=url)

    assert (code, said["not_checked"]) == (2, "no_answer")


def test_an_address_without_a_log_is_not_checked(watch):
    assert watch.once()[1]["not_checked"] == "checkpoint_missing"


def test_leaves_that_do_not_come_are_told_with_how_long_they_are_awaited(watch, capsys):
    log = GrowingLog().run(9).publish(watch.files)
    watch.once()
    log.run(9)
    write_file(watch.files, "checkpoint", log.note_of())
    state = ["--policy", str(watch.policy), "--state", str(watch.state)]

    assert run([watch.url, *state, "--once"]) == 2

    told = capsys.readouterr().out
    assert "not checked: tile/" in told
    assert "the head of 18 leaves waits for 0 s" in told
    log.publish(watch.files)
    assert watch.once()[1]["new_leaves"] == 9


@pytest.mark.parametrize("status", [301, 302, 403, 500, 503])
def test_no_answer_but_200_is_believed_and_no_redirect_followed(watch, status):
    GrowingLog().run(9).publish(watch.files)

    def answer(self):
        self.send_response(status)
        self.send_header("Location", f"{watch.url}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    with serving(answering(answer)) as url:
        code, said = watch.once(url=url)

    assert (code, said["not_checked"]) == (2, "no_answer")
    assert str(status) in said["detail"]


def test_a_body_shorter_than_was_said_is_not_checked(watch):
    def answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        self.wfile.write(b"trace.example/log\n")
        self.close_connection = True

    with serving(answering(answer)) as url:
        code, said = watch.once(url=url)

    assert (code, said["not_checked"]) == (2, "no_answer")


def test_a_server_that_trickles_is_left(watch, monkeypatch):
    monkeypatch.setattr(monitor_http, "_ANSWER_SECONDS", 0.1)
    stop = threading.Event()

    def answer(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not stop.wait(0.02):
            try:
                self.wfile.write(b"x" * 70_000)
            except OSError:
                return

    with serving(answering(answer)) as url:
        code, said = watch.once(url=url)
        stop.set()

    assert (code, said.get("not_checked", said.get("refused"))) in (
        (2, "no_answer"),
        (1, "too_large"),
    )


def test_connections_are_kept_and_replaced_when_the_server_ends_them(tmp_path):
    seen = []

    def answer(self):
        seen.append(self.client_address)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        # Not announced: the client finds out at its next request.
        self.close_connection = len(seen) == 2

    with serving(answering(answer)) as url, HttpLog(url) as files:
        for _ in range(4):
            assert files.get_many([("a", 2)]) == [b"ok"]

    assert len(set(seen)) == 2


@pytest.mark.parametrize(
    "url",
    [
        "trace.example/log",
        "ftp://trace.example/log",
        "file:///etc/passwd",
        "http://",
        "http://user:word@trace.example/log",
        "http://trace.example/log?x=1",
        "http://trace.example/log#x",
        "http://trace.example:port/log",
        "http://[::1/log",
    ],
)
def test_an_address_that_is_none(url, tmp_path):
    with pytest.raises(MalformedInput) as refused:
        HttpLog(url)

    assert refused.value.code == "bad_address"


# Round after round


def test_rounds_go_on_until_the_first_lie(watch, monkeypatch, capsys):
    log = GrowingLog(seed=1).run(9).publish(watch.files)
    steps = [
        lambda: log.run(9).publish(watch.files),
        (watch.files / "checkpoint").unlink,
        lambda: GrowingLog(seed=2).run(18).publish(watch.files),
    ]
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        steps.pop(0)()

    monkeypatch.setattr(monitor.time, "sleep", sleep)
    state = ["--policy", str(watch.policy), "--state", str(watch.state)]

    code = run([watch.url, *state, "--interval", "5"])

    assert (code, slept) == (1, [5, 5, 5])
    told = capsys.readouterr()
    first, second, third, *evidence = told.out.splitlines()
    assert "size 9 (+9)" in first
    assert "size 18 (+9)" in second
    assert "not checked: checkpoint: checkpoint missing" in third
    assert "log_forked" in evidence[0]
    assert told.err.startswith("refused: log_forked")


def test_a_monitor_is_stopped_by_hand(watch, monkeypatch):
    GrowingLog().run(9).publish(watch.files)

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(monitor.time, "sleep", interrupted)

    state = ["--policy", str(watch.policy), "--state", str(watch.state)]
    assert run([watch.url, *state]) == 130


@pytest.mark.parametrize("seconds", ["0", "86401", "soon"])
def test_an_interval_out_of_bounds_is_a_wrong_call(seconds, capsys):
    with pytest.raises(SystemExit) as ended:
        run(["http://x", "--policy", "p", "--state", "s", "--interval", seconds])

    assert ended.value.code == 2


def test_a_policy_that_cannot_be_read_is_said(watch, capsys):
    watch.policy.write_bytes(b"nonsense\n")
    state = ["--policy", str(watch.policy), "--state", str(watch.state)]

    assert run([watch.url, *state]) == 1

    assert capsys.readouterr().err.startswith("refused: policy: ")
