"""Measure of the signatures that fsck checks, on one core, from rows to answers."""

from apps.core.envelope import open_sealed, parse_envelope
from apps.core.sealed import Keys, Sealed, SealedBatch, SealJudge
from apps.core.signing import load_public_key
from apps.ledger import queries as ledger
from apps.partners import queries as partners
from apps.partners.models import SigningKey
from tests.bench.report import Figure
from tests.bench.world import seconds


def signatures(*, rounds: int) -> Figure:
    """Sealed rows read, envelopes parsed, ids and digests derived, signatures verified.

    The floor verifies the same signatures over the same bytes and does nothing else.
    """
    keys = {
        row.keyid: (row.algorithm, bytes(row.spki)) for row in SigningKey.objects.all()
    }
    genesis = partners.find_genesis()
    assert genesis is not None
    receipt_keys = {key.keyid: (key.alg, key.spki) for key in genesis.receipt_keys}

    def judge() -> None:
        judged = SealJudge()
        for page in _pages():
            batch = SealedBatch(page, keys, receipt_keys, genesis.webauthn)
            assert judged(batch) == []

    bare = list(_bare(keys, receipt_keys))
    values, floors = [], []
    for _ in range(rounds):
        floors.append(
            len(bare) / seconds(lambda: [verify(*said) for verify, said in bare])
        )
        values.append(len(bare) / seconds(judge))
    return Figure(
        "fsck: signatures of statements and receipts",
        "1/s",
        tuple(values),
        "the same signatures, cryptography",
        tuple(floors),
        f"{len(bare):,} signatures, one core",
    )


def _pages():
    for page in ledger.iter_statements():
        yield [
            Sealed(
                each.id,
                each.envelope_digest,
                each.keyids,
                each.vault.payload,
                each.vault.signatures,
                each.vault.receipt,
            )
            for each in page
            if each.vault is not None
        ]


def _bare(keys: Keys, receipt_keys: Keys):
    """The verifying function of each key with what it is given."""
    for page in _pages():
        for row in page:
            said = open_sealed(payload=row.payload, signatures=row.signatures)
            for envelope, known in (
                (said, keys),
                (parse_envelope(row.receipt), receipt_keys),
            ):
                for each in envelope.signatures:
                    alg, spki = known[each.keyid]
                    key = load_public_key(spki=spki, alg=alg)
                    assert key.alg == "ed25519"  # the cast's machines
                    yield key.loaded.verify, (each.sig, envelope.pae)
