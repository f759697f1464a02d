"""Signed notes and their keys, judged by the standard's examples."""

import base64
import json
import re

import pytest
from cryptography.exceptions import InvalidSignature
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
    CHEMISTS,
    LOG,
    LOG_PQ,
    NOW,
    REGULATOR,
    flip,
    head,
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


def test_the_ml_dsa_message_has_the_bytes_of_the_structure():
    checkpoint = head(7)
    text = checkpoint.format() + "an extension line that is not covered\n"

    message = signed_message(
        SignatureType.COSIGNATURE_MLDSA44, name="w.example", text=text, time_seconds=3
    )

    assert message == (
        b"subtree/v1\n\0\x09w.example"
        + bytes([0, 0, 0, 0, 0, 0, 0, 3])
        + b"\x12ledger.example/log"
        + bytes(8)
        + bytes([0, 0, 0, 0, 0, 0, 0, 7])
        + checkpoint.root_hash
    )


@pytest.mark.parametrize("signer", [LOG, LOG_PQ, REGULATOR, CHEMISTS])
def test_every_kind_signs_and_verifies_and_comes_back_as_text(signer):
    text = head().format()
    line = signer.sign(text, time_seconds=NOW)

    again = SignerKey.parse(signer.format())
    key = VerifierKey.parse(signer.verifier.format())

    assert again == signer
    assert key == signer.verifier
    key.verify(text, line.signature)
    if signer.kind.is_timestamped:
        assert cosignature_time(line.signature) == NOW
    if signer.kind is not SignatureType.COSIGNATURE_MLDSA44:
        assert again.sign(text, time_seconds=NOW) == line


@pytest.mark.parametrize("signer", [LOG, LOG_PQ, REGULATOR])
@given(data=st.data())
def test_a_flipped_bit_in_a_signature_never_verifies(signer, data):
    text = head().format()
    line = signer.sign(text, time_seconds=NOW)
    bit = data.draw(st.integers(0, 8 * len(line.signature) - 1))

    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, flip(line.signature, bit))
    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, line.signature[:-1])
    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, line.signature[: bit % 8])


def test_an_ml_dsa_line_commits_to_the_name_of_its_cosigner():
    text = head().format()
    line = CHEMISTS.sign(text, time_seconds=NOW)
    renamed = VerifierKey("other", CHEMISTS.kind, CHEMISTS.verifier.public_key)

    with pytest.raises(UntrustedSignature):
        renamed.verify(text, line.signature)


def test_ml_dsa_signs_checkpoints_only():
    with pytest.raises(MalformedInput):
        LOG_PQ.sign("anything\n", time_seconds=NOW)
    with pytest.raises(UntrustedSignature):
        LOG_PQ.verifier.verify("anything\n", bytes(8 + 2420))


def test_a_key_name_too_long_for_ml_dsa_is_refused():
    signer = SignerKey("n" * 256, SignatureType.COSIGNATURE_MLDSA44, bytes(32))

    with pytest.raises(MalformedInput):
        signer.sign(head().format(), time_seconds=NOW)


@pytest.mark.parametrize("time_seconds", [-1, 2**63])
def test_a_time_that_no_verifier_would_read_is_not_signed(time_seconds):
    with pytest.raises(MalformedInput):
        REGULATOR.sign(head().format(), time_seconds=time_seconds)


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
        f"te\txt\n\n{SIGNATURE}\n".encode(),
        f"text\r\n\r\n{SIGNATURE}\r\n".encode(),
        f"te\0xt\n\n{SIGNATURE}\n".encode(),
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


VKEY = LOG.verifier.format()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "+" + VKEY.split("+", 1)[1],
        "other+" + VKEY.split("+", 1)[1],
        VKEY.replace(LOG.verifier.key_id.hex(), "00000000"),
        VKEY + "=",
        VKEY[:-4],
        VKEY + "AAAA",
        "n+zzzzzzzz+AQ==",
        "n+00000000+",
        "n+00000000+Ag==",
        "n+00000000+AQ==",
        "n m+00000000+AQ==",
        "n+0000000é+AQ==",
    ],
)
def test_what_is_not_a_vkey_is_refused(text):
    with pytest.raises(MalformedInput):
        VerifierKey.parse(text)


def test_a_key_id_in_capitals_is_refused():
    key = SignerKey("n", SignatureType.ED25519, b"\1" * 32).verifier
    shouted = key.format().replace(key.key_id.hex(), key.key_id.hex().upper())

    assert shouted != key.format()
    with pytest.raises(MalformedInput):
        VerifierKey.parse(shouted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG.format().removeprefix("PRIVATE+"),
        LOG.format()[:-8],
        LOG.format() + "AAAA",
        LOG.format().replace("ledger.example", "other.example"),
    ],
)
def test_a_bad_skey_is_refused_and_not_repeated(text):
    with pytest.raises(MalformedInput) as refusal:
        SignerKey.parse(text)
    assert LOG.format()[-20:-8] not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_private_key_does_not_show():
    assert repr(LOG.seed) not in repr(LOG)


def test_a_seed_of_another_length_is_refused():
    with pytest.raises(MalformedInput):
        SignerKey("n", SignatureType.ED25519, b"short")


@given(st.text(max_size=60))
def test_any_text_is_a_key_or_malformed(text):
    for parse in (VerifierKey.parse, SignerKey.parse):
        for candidate in (text, f"PRIVATE+KEY+{text}", f"n+00000000+{text}"):
            with pytest.raises(MalformedInput):
                parse(candidate)


def mldsa_cases():
    path = "crypto/wycheproof/mldsa_44_verify_test.json"
    for group in json.loads(vectors_path(path).read_text())["testGroups"]:
        public_key = bytes.fromhex(group["publicKey"])
        for test in group["tests"]:
            # Notes use the empty context; the others test what we do not call.
            if not test.get("ctx"):
                yield public_key, test


def test_ml_dsa_44_agrees_with_wycheproof():
    judged = {"valid": 0, "invalid": 0}
    for public_key, test in mldsa_cases():
        judged[test["result"]] += 1
        message, signature = (bytes.fromhex(test[part]) for part in ("msg", "sig"))
        if test["result"] == "valid":
            key = VerifierKey("w", SignatureType.COSIGNATURE_MLDSA44, public_key)
            key.verify_message(signature, message)
            continue
        with pytest.raises((InvalidSignature, MalformedInput, ValueError)):
            VerifierKey(
                "w", SignatureType.COSIGNATURE_MLDSA44, public_key
            ).verify_message(signature, message)
    assert judged["valid"] > 10
    assert judged["invalid"] > 30
