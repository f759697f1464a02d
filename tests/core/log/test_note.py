"""Signed notes, judged by the standard's examples."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.note import Note, NoteSignature, get_trusted_signatures
from apps.core.notekey import (
    SignatureType,
    SignerKey,
    VerifierKey,
    cosignature_time,
    signed_message,
)
from tests.core.log.log_cast import (
    LOG,
    NOW,
    REGULATOR,
    flip,
    signed_note,
)
from tests.vectors import load_json, vectors_path

SPECS = "crypto/C2SP-specs"
TESSERA_VKEY = (
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
)


def spec(name):
    return vectors_path(f"{SPECS}/{name}.md").read_text()


def example_note():
    return re.search(r"```\n(This is an example.*?)```", spec("signed-note"), re.S)[1]


def example_key():
    return VerifierKey.parse(
        re.search(r"example\.com/foo\+\S+", spec("signed-note"))[0]
    )


def test_the_example_of_the_standard_verifies():
    note = Note.parse(example_note().encode())
    key = example_key()

    assert note.text == "This is an example message.\n"
    assert get_trusted_signatures(note, [key]) == note.signatures
    assert note.format().decode() == example_note()
    assert key.format() == re.search(r"example\.com/foo\+\S+", spec("signed-note"))[0]


@given(st.integers(0, 28 * 8 - 1))
def test_a_flipped_bit_in_the_text_never_verifies(bit):
    note = Note.parse(example_note().encode())
    text = flip(note.text.encode(), bit).decode("latin-1")

    with pytest.raises(UntrustedSignature) as refusal:
        get_trusted_signatures(Note(text, note.signatures), [example_key()])
    assert refusal.value.code == "bad_note_signature"


@pytest.mark.parametrize("size", ["", ".0", ".1", ".3", ".9", ".15"])
def test_the_published_log_signed_its_heads(size):
    data = vectors_path(f"crypto/tessera/log/checkpoint{size}").read_bytes()
    note = Note.parse(data)

    get_trusted_signatures(note, [VerifierKey.parse(TESSERA_VKEY)])

    assert note.format() == data


def test_a_sigstore_log_key_verifies_and_its_unknown_witness_is_ignored():
    base = "crypto/sigstore-conformance/bundle-verify/rekor2-checkpoint-cosigned"
    bundle = load_json(f"{base}/bundle.sigstore.json")
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    note = Note.parse(entry["inclusionProof"]["checkpoint"]["envelope"].encode())
    name = note.text.split("\n")[0]
    keys = [
        VerifierKey(
            name,
            SignatureType.ED25519,
            base64.b64decode(log["publicKey"]["rawBytes"])[-32:],
        )
        for log in load_json(f"{base}/trusted_root.json")["tlogs"]
        if name in log["baseUrl"]
    ]

    trusted = get_trusted_signatures(note, keys)

    assert [one.name for one in trusted] == [name]
    assert len(note.signatures) == 2
    assert cosignature_time(note.signatures[1].signature) == 1_755_639_614


def test_the_cosigned_message_is_that_of_the_standard():
    example = re.search(r"    cosignature/v1\n(?:    .*\n)+", spec("tlog-cosignature"))
    wanted = re.sub("^    ", "", example[0], flags=re.M)
    text = wanted.split("\n", 2)[2]

    message = signed_message(
        SignatureType.COSIGNATURE_ED25519, name="w", text=text, time_seconds=1679315147
    )

    assert message.decode() == wanted


def test_the_example_checkpoints_of_the_standards_parse_and_come_back():
    found = 0
    for name in ("tlog-checkpoint", "tlog-cosignature", "signed-note"):
        for block in re.findall(r"```\n(.*?)```", spec(name), re.S):
            assert Note.parse(block.encode()).format().decode() == block
            found += 1
    assert found == 4


def test_a_line_of_an_unknown_key_is_ignored_even_with_a_known_name():
    note = signed_note(LOG)
    stranger = SignerKey.generate(LOG.name, SignatureType.ED25519)
    mixed = note.adding([stranger.sign(note.text), NoteSignature("x", b"abcd", b"?")])

    assert get_trusted_signatures(mixed, [LOG.verifier]) == note.signatures


def test_one_bad_line_of_a_known_key_spoils_the_note():
    note = signed_note(LOG, REGULATOR)
    key_id = REGULATOR.verifier.key_id
    bad = NoteSignature(REGULATOR.name, key_id, bytes(72))
    keys = [LOG.verifier, REGULATOR.verifier]

    with pytest.raises(UntrustedSignature) as refusal:
        get_trusted_signatures(note.adding([bad]), keys)
    assert refusal.value.code == "bad_note_signature"
    assert len(get_trusted_signatures(note.adding([bad]), [LOG.verifier])) == 1


def test_a_note_without_a_known_signature_is_refused():
    with pytest.raises(UntrustedSignature) as refusal:
        get_trusted_signatures(signed_note(LOG), [REGULATOR.verifier])
    assert refusal.value.code == "no_known_signature"


def test_two_keys_with_one_name_and_id_are_refused():
    class Twin:
        name = LOG.name
        key_id = LOG.verifier.key_id

        def verify(self, text, signature):
            """Say yes to everything."""

    with pytest.raises(MalformedInput) as refusal:
        get_trusted_signatures(signed_note(LOG), [LOG.verifier, Twin()])
    assert refusal.value.code == "ambiguous_key"


def test_sixteen_signatures_and_more_are_read():
    keys = [
        SignerKey.generate(f"w{n}", SignatureType.COSIGNATURE_MLDSA44)
        for n in range(16)
    ]
    note = Note.parse(signed_note(*keys, LOG).format())

    trusted = get_trusted_signatures(note, [key.verifier for key in keys])

    assert len(trusted) == 16
    assert len(note.signatures) == 17


def test_a_line_is_not_added_twice():
    note = signed_note(LOG)
    line = REGULATOR.sign(note.text, time_seconds=NOW)

    twice = note.adding([line, line, *note.signatures])

    assert twice.adding([line]).signatures == (*note.signatures, line)


SIGNATURE = "— n AAAAAAE="


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        f"text\n{SIGNATURE}\n".encode(),
        f"text\n\n{SIGNATURE}".encode(),
        f"text\n\n{SIGNATURE}\n\n".encode(),
        f"text\n\n{SIGNATURE}\nmore\n".encode(),
        *(
            f"te{chr(mark)}xt\n\n{SIGNATURE}\n".encode()
            for mark in range(32)
            if chr(mark) != "\n"
        ),
        f"text\r\n\r\n{SIGNATURE}\r\n".encode(),
        b"te\xffxt\n\n" + SIGNATURE.encode() + b"\n",
        b"text\n\n- n AAAAAAE=\n",
        "text\n\n—n AAAAAAE=\n".encode(),
        "text\n\n—  AAAAAAE=\n".encode(),
        "text\n\n— n+m AAAAAAE=\n".encode(),
        "text\n\n— n\u00a0m AAAAAAE=\n".encode(),
        "text\n\n— n AAAAAAE= \n".encode(),
        "text\n\n— n\n".encode(),
        "text\n\n— n AAAAAA==\n".encode(),
        "text\n\n— n AAAAAAE\n".encode(),
        "text\n\n— n AAAAAAF=\n".encode(),
        "text\n\n— n AAAA-_E=\n".encode(),
        "text\n\n— n é\n".encode(),
        ("text\n\n" + 101 * f"{SIGNATURE}\n").encode(),
        b"x" * 1_000_001,
    ],
)
def test_what_is_not_a_note_is_refused(data):
    with pytest.raises(MalformedInput):
        Note.parse(data)


def test_the_text_may_hold_empty_lines():
    data = f"\n\nverse\n\nverse\n\n{SIGNATURE}\n{SIGNATURE}\n".encode()

    assert Note.parse(data).text == "\n\nverse\n\nverse\n"
    assert Note.parse(data).format() == data


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode()))
def test_any_bytes_are_a_note_or_malformed(data):
    for candidate in (data, data + f"\n\n{SIGNATURE}\n".encode()):
        try:
            note = Note.parse(candidate)
        except MalformedInput:
            continue
        assert note.format() == candidate
