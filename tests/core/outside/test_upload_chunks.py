"""A file on its way by `pharmatrace-upload`: in chunks, cut, gone on with."""

import pytest

from apps.core.outside import upload
from tests.core.outside.upload_site import PLACE, SERIALS, chunks, send, site, state

__all__ = ["send", "site"]


def test_the_file_goes_in_chunks_as_it_is(send, site, monkeypatch):
    monkeypatch.setattr(upload, "_CHUNK_BYTES", 6)

    assert send()[0] == 0

    assert chunks(site) == [(0, SERIALS[:6]), (6, SERIALS[6:12]), (12, SERIALS[12:])]


def test_a_file_of_which_the_site_has_a_part_goes_on_there(send, site):
    begun = state("receiving", received_bytes=7)
    site.answers["POST /api/v1/uploads"] = [(201, begun)]

    code, _, err = send()

    assert (code, chunks(site)) == (0, [(7, SERIALS[7:])])
    assert "goes on  from byte 7 of 13" in err


def test_a_file_that_the_site_has_whole_is_ended_by_an_empty_chunk(send, site):
    begun = state("receiving", received_bytes=len(SERIALS))
    site.answers["POST /api/v1/uploads"] = [(201, begun)]

    send()

    assert chunks(site) == [(len(SERIALS), b"")]


def test_an_upload_that_is_open_already_is_watched_alone(send, site):
    site.answers["POST /api/v1/uploads"] = [(202, state("checking"))]

    assert send()[0] == 0

    assert chunks(site) == []


def test_a_connection_that_falls_is_gone_on_with(send, site, monkeypatch):
    monkeypatch.setattr(upload, "_CHUNK_BYTES", 6)
    moved = {"code": "other_offset", "offset": 12}
    site.answers[f"PATCH {PLACE}"] = [
        (204, b""),
        (None, b""),
        (503, b""),
        (429, b"{}"),
        (409, moved),
        (204, b""),
    ]

    assert send()[0] == 0

    assert [at for at, _ in chunks(site)] == [0, 6, 6, 6, 6, 12]


def test_a_last_answer_that_was_lost_is_no_fault(send, site):
    closed = {"code": "upload_closed"}
    site.answers[f"PATCH {PLACE}"] = [(None, b""), (409, closed)]

    assert send()[0] == 0


def test_a_site_that_takes_no_chunk_is_not_asked_without_end(send, site):
    site.answers[f"PATCH {PLACE}"] = [(None, b"")]

    code, out, err = send()

    assert (code, out) == (1, "")
    assert "no answer" in err


@pytest.mark.parametrize("document", [b"", b"[]", b'{"code":"other_digest"}'])
def test_a_chunk_that_is_refused_ends_it_in_the_words_of_the_site(send, site, document):
    site.answers[f"PATCH {PLACE}"] = [(400, document)]

    code, out, err = send()

    assert (code, out) == (1, "")
    assert f"got 400 {document.decode()}".strip() in err
