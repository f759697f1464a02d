"""The command that uploads serials, against a site that answers as ours does."""

import io

import pytest

from apps.core.outside.progress import Progress, line
from tests.core.outside.upload_site import (
    DIGEST,
    ERROR,
    ID,
    PLACE,
    SERIALS,
    calls,
    send,
    site,
    state,
)

__all__ = ["send", "site"]


def test_the_draft_is_printed_once_the_check_is_done(send, site):
    code, out, err = send()

    assert (code, out) == (0, '{"payload":"x"}\n')
    assert f"upload   {ID}" in err
    assert f"SHA-256 {DIGEST}" in err
    assert "checked  2 serials of lot D90" in err
    assert "RECALLED" not in err
    assert calls(site) == [
        "POST /api/v1/uploads",
        f"PATCH {PLACE}",
        f"GET {PLACE}",
        f"GET {PLACE}",
        f"GET {PLACE}/statement",
    ]


def test_the_form_says_the_lot_and_which_file_will_come(send, site):
    send()

    _, headers, body = site.seen[0]
    assert headers["Authorization"] == "Bearer pt_secret"
    assert int(headers["Content-Length"]) == len(body)
    mark = headers["Content-Type"].partition("boundary=")[2].encode()
    assert body.endswith(b"\r\n--" + mark + b"--\r\n")
    for name, value in {
        "gtin": "09521568600330",
        "lot": "D90",
        "expiry_date": "2029-06-30",
        "site": "9521568000024",
        "file_name": "serials.csv",
        "size_bytes": str(len(SERIALS)),
        "file_digest": DIGEST,
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n--'.encode() in body
    assert b"check_only" not in body


def test_ticks_are_said_only_where_they_were_made(send, site):
    send("--check-only", "--into-recalled-lot")

    for name in (b"check_only", b"into_recalled_lot"):
        assert b'name="' + name + b'"\r\n\r\n1\r\n--' in site.seen[0][2]


def test_a_refusal_lists_the_lines_and_keeps_all_of_them_in_a_file(
    send, site, tmp_path
):
    refused = state("refused", error_count=1, errors_by_line=[ERROR])
    site.answers[f"GET {PLACE}"] = [(200, refused)]

    code, out, err = send("--errors", str(tmp_path / "errors.csv"))

    assert (code, out) == (1, "")
    assert "line 2: serial: This serial is known. (got A1" in err
    assert "\x1b" not in err
    assert "1 lines with errors" in err
    assert (tmp_path / "errors.csv").read_bytes().endswith(b"2,serial_known\r\n")


def test_a_check_alone_leaves_nothing(send, site):
    site.answers[f"GET {PLACE}"] = [(200, state("checked", is_check_only=True))]

    code, out, err = send("--check-only")

    assert (code, out) == (0, "")
    assert "kept     nothing" in err
    assert calls(site)[-1] == f"GET {PLACE}"


def test_a_lot_under_recall_is_said_to_be(send, site):
    site.answers[f"GET {PLACE}"] = [(200, state("staged", is_born_recalled=True))]

    assert "RECALLED" in send()[2]


def test_a_signed_upload_has_nothing_to_sign(send, site):
    signed = state("commissioned", statement_id="ab" * 32)
    site.answers[f"GET {PLACE}"] = [(200, signed)]

    code, out, err = send()

    assert (code, out) == (0, "")
    assert "ab" * 32 in err


def test_a_cancelled_upload_is_refused(send, site):
    site.answers[f"GET {PLACE}"] = [(200, state("cancelled"))]

    assert send()[0] == 1


def test_a_site_that_is_away_for_a_moment_is_asked_again(send, site):
    away = [(None, b""), (502, b"Bad gateway"), (200, b"<p>")]
    site.answers[f"GET {PLACE}"] = [*away, (200, state("staged"))]

    assert send()[0] == 0


def test_what_the_site_says_against_it_is_shown(send, site):
    site.answers["POST /api/v1/uploads"] = [(403, b'{"code":"not_licensed"}')]

    code, _, err = send()

    assert code == 1
    assert 'got 403 {"code":"not_licensed"}' in err


def test_a_site_that_stays_away_is_not_waited_for_without_end(send, site):
    site.answers[f"GET {PLACE}"] = [(None, b"")]

    code, out, err = send()

    assert (code, out) == (1, "")
    assert "no answer" in err


def test_an_upload_of_another_file_is_not_taken_for_this_one(send, site):
    other = state("queued", file_digest="00" * 32)
    site.answers["POST /api/v1/uploads"] = [(202, other)]

    code, _, err = send()

    assert code == 1
    assert "file differs" in err


@pytest.mark.parametrize("address", ["http://trace.example", "ftp://localhost", "x"])
def test_a_token_goes_nowhere_else(send, site, address):
    code, _, err = send(address=address)

    assert code == 1
    assert "bad address" in err
    assert site.seen == []


@pytest.mark.parametrize("answer", [b"[]", b'{"state": "queued"}', b"", b"null"])
def test_an_answer_of_another_api_is_refused_in_words(send, site, answer):
    site.answers["POST /api/v1/uploads"] = [(202, answer)]

    code, out, err = send()

    assert (code, out) == (1, "")
    assert "no answer" in err


def test_a_missing_file_is_no_upload(send, site, tmp_path):
    (tmp_path / "serials.csv").unlink()

    assert send()[0] == 2
    assert site.seen == []


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_stands_on_a_terminal_alone():
    seconds = iter([0.0, 1.0, 1.1, 2.0])
    terminal, file = Terminal(), io.StringIO()
    progress = Progress("sent", "bytes", out=terminal, clock=lambda: next(seconds))
    for done in (250, 300, 500):  # the second comes too early to be seen
        progress.show(done, 1000)
    progress.end()
    Progress("sent", "bytes", out=file).show(1, 2)

    lines = terminal.getvalue().split("\r")
    assert [text.strip() for text in lines if text.strip()] == [
        "sent [######..................] 250 of 1,000 bytes, 250/s, 3 s left",
        "sent [############............] 500 of 1,000 bytes, 250/s, 2 s left",
    ]
    assert file.getvalue() == ""


def test_what_was_there_before_says_nothing_of_the_rate():
    seconds = iter([0.0, 1.0])
    terminal = Terminal()
    progress = Progress(
        "sent", "bytes", since=500, out=terminal, clock=lambda: next(seconds)
    )

    progress.show(600, 1000)

    assert terminal.getvalue().endswith("600 of 1,000 bytes, 100/s, 4 s left")


@pytest.mark.parametrize(
    ("done", "total", "rate", "text"),
    [
        (7, None, 7.0, "checked 7 rows"),
        (0, 10, 0.0, f"checked [{'.' * 24}] 0 of 10 rows"),
        (10, 10, 5.0, f"checked [{'#' * 24}] 10 of 10 rows, 5/s, 0 s left"),
    ],
)
def test_a_line_guesses_nothing(done, total, rate, text):
    assert line("checked", "rows", done, total, rate) == text
