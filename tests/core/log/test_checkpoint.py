"""Checkpoints, and a published conversation with a witness."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from apps.core.errors import MalformedInput, ProofError, UntrustedSignature
from apps.core.merkle import EMPTY_ROOT, verify_consistency
from apps.core.note import Note
from apps.core.notekey import SignatureType, SignerKey, VerifierKey
from apps.core.strict import MAX_INT64, parse_base64
from tests.core.log.log_cast import (
    CHEMISTS,
    LOG,
    LOG_PQ,
    MALLORY,
    NOW,
    ORIGIN,
    REGULATOR,
    head,
    signed_note,
)
from tests.vectors import load_json, vectors_path

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_standard_is_read():
    spec = vectors_path("crypto/C2SP-specs/tlog-checkpoint.md").read_text()
    note = Note.parse(re.search(r"```\n(.*?)```", spec, re.S)[1].encode())

    checkpoint = Checkpoint.parse(note.text)

    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.tree_size == 20_852_163
    assert checkpoint.root_hash == parse_base64(ROOT, field="root")
    assert checkpoint.extensions == ()
    assert checkpoint.format() == note.text


def test_extension_lines_of_others_are_returned():
    text = f"o\n0\n{ROOT}\none\ntwo words\n"

    assert Checkpoint.parse(text).extensions == ("one", "two words")
    assert Checkpoint.parse(text).format() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\n\nx\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n1_0\n{ROOT}\n",
        f"o\n 1\n{ROOT}\n",
        f"o\n1.0\n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n",
        f"o\n\u00b2\n{ROOT}\n",
        f"o\n{MAX_INT64 + 1}\n{ROOT}\n",
        f"o\n{'9' * 5000}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{ROOT[:-4]}\n",
        f"o\n1\nA{ROOT}\n",
        f"o\n1\n{ROOT} \n",
        "o\n1\nAAAA\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(MalformedInput):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "name",
    ["missing-root-hash_fail", "missing-origin_fail", "no-matching-signature_fail"],
)
def test_published_bad_checkpoints_are_refused(name):
    base = f"crypto/sigstore-conformance/bundle-verify/rekor2-checkpoint-{name}"
    bundle = load_json(f"{base}/bundle.sigstore.json")
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    origin = "log2025-alpha1.rekor.sigstage.dev"
    log = next(
        log
        for log in load_json(f"{base}/trusted_root.json")["tlogs"]
        if origin in log["baseUrl"]
    )
    spki = parse_base64(log["publicKey"]["rawBytes"], field="key")
    key = VerifierKey(origin, SignatureType.ED25519, spki[-32:])

    with pytest.raises((MalformedInput, UntrustedSignature)):
        open_checkpoint(
            entry["inclusionProof"]["checkpoint"]["envelope"].encode(), log_keys=[key]
        )


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.integers(0, MAX_INT64),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoints_come_back(origin, size, root):
    checkpoint = Checkpoint(origin, size, root)

    assert Checkpoint.parse(checkpoint.format()) == checkpoint


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, EMPTY_ROOT),
        Checkpoint("a\nb", 1, EMPTY_ROOT),
        Checkpoint("o", -1, EMPTY_ROOT),
        Checkpoint("o", MAX_INT64 + 1, EMPTY_ROOT),
        Checkpoint("o", 1, b"short"),
        Checkpoint("o", 1, EMPTY_ROOT, ("",)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(checkpoint):
    with pytest.raises(MalformedInput):
        checkpoint.format()


def test_we_sign_no_extension_lines_and_believe_none():
    extended = Checkpoint(ORIGIN, 1, EMPTY_ROOT, ("map root",))
    text = extended.format()
    note = Note(text, (LOG.sign(text),))

    with pytest.raises(MalformedInput):
        sign_checkpoint(extended, [LOG], time_seconds=NOW)
    with pytest.raises(MalformedInput) as refusal:
        open_checkpoint(note.format(), log_keys=[LOG.verifier])
    assert refusal.value.code == "extension_lines"


def test_a_head_is_opened_with_its_lines_by_who_signed():
    note = signed_note(LOG, LOG_PQ, REGULATOR, MALLORY)

    signed = open_checkpoint(
        note.format(),
        log_keys=[LOG.verifier, LOG_PQ.verifier],
        witness_keys=[REGULATOR.verifier, CHEMISTS.verifier],
    )

    assert signed.checkpoint == head()
    assert signed.note == note
    assert signed.log_signatures == note.signatures[:2]
    assert signed.cosignatures == note.signatures[2:3]


def test_either_line_of_the_log_is_enough():
    for signer in (LOG, LOG_PQ):
        open_checkpoint(signed_note(signer).format(), log_keys=[signer.verifier])


def test_a_witness_does_not_stand_in_for_the_log():
    note = signed_note(REGULATOR)

    with pytest.raises(UntrustedSignature) as refusal:
        open_checkpoint(
            note.format(), log_keys=[LOG.verifier], witness_keys=[REGULATOR.verifier]
        )
    assert refusal.value.code == "no_log_signature"


def test_a_log_speaks_for_its_own_origin_only():
    other = SignerKey.generate("other.example/log", SignatureType.ED25519)
    note = signed_note(other)

    with pytest.raises(UntrustedSignature) as refusal:
        open_checkpoint(note.format(), log_keys=[other.verifier])
    assert refusal.value.code == "unknown_origin"
    with pytest.raises(UntrustedSignature):
        open_checkpoint(note.format(), log_keys=[other.verifier, LOG.verifier])


def conversation():
    path = "crypto/torchwood/cmd/litewitness/testdata/litewitness.txt"
    text = vectors_path(path).read_text()
    log_key = bytes.fromhex(re.search(r"-key=([0-9a-f]{64})", text)[1])
    requests = []
    for body, answer in re.findall(r"```\n(old .*?)```\nHTTP (\d+)", text, re.S):
        lines, note = body.split("\n\n", 1)
        old, *path = lines.split("\n")
        requests.append((int(old.removeprefix("old ")), path, note, answer))
    return log_key, requests


def test_a_published_conversation_with_a_witness_is_judged_alike():
    log_key, requests = conversation()
    name = requests[0][2].split("\n")[0]
    keys = [VerifierKey(name, SignatureType.ED25519, log_key)]
    size, root, answers = 0, EMPTY_ROOT, []

    for old, lines, note, _ in requests:
        path = [parse_base64(line, field="proof") for line in lines]
        try:
            head = open_checkpoint(note.encode(), log_keys=keys).checkpoint
            if old != size:
                answers.append("409")
                continue
            if size:
                verify_consistency(
                    old_size=size,
                    new_size=head.tree_size,
                    old_root=root,
                    new_root=head.root_hash,
                    path=path,
                )
            size, root = head.tree_size, head.root_hash
            answers.append("200")
        except (UntrustedSignature, MalformedInput):
            # One bad signature has stray bits after its last byte: others read it
            # and find that it does not verify, we refuse the line by its form.
            answers.append("403")
        except ProofError:
            answers.append("422")

    assert answers == [wanted for *_, wanted in requests]
    assert answers == ["200", "403", "403", "422", "422", "200", "409", "200", "409"]
