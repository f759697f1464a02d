"""Measures of the signatures that fsck checks, from rows to answers."""

from itertools import chain, islice

from apps.core.envelope import open_sealed, parse_envelope
from apps.core.sealed import Fault, Keys, Sealed, SealedBatch, SealJudge
from apps.core.signing import load_public_key
from apps.edge.processes import Beside, spare_processes
from apps.ledger import queries as ledger
from apps.partners import queries as partners
from apps.partners.models import SigningKey
from tests.bench.report import Figure
from tests.bench.world import seconds


def signatures(*, rounds: int, least: int, pages: int | None = None) -> list[Figure]:
    """Sealed rows read, envelopes parsed, ids and digests derived, signatures verified.

    The floor verifies the same signatures over the same bytes, on one core, and does
    nothing else. The second figure goes over the rows until there were `least`
    signatures, with a process a core, as `fsck` has on a long ledger. Of a ledger that
    is too long for that the first `pages` of statements stand for all.
    """
    bare = list(_bare(*_keys(), pages))
    repeats = -(-least // len(bare))
    alone, beside, floors = [], [], []
    with Beside(SealJudge, processes=spare_processes()) as many:
        _judge(many, pages)  # until they are started
        for _ in range(rounds):
            floors.append(
                len(bare) / seconds(lambda: [verify(*said) for verify, said in bare])
            )
            alone.append(len(bare) / seconds(lambda: _judge_alone(pages)))
            taken = seconds(lambda: _judge(many, pages, times=repeats))
            beside.append(repeats * len(bare) / taken)
    name, floor = "fsck: signatures of statements and receipts", "the same signatures"
    return [
        Figure(
            f"{name}, {where}",
            "1/s",
            tuple(values),
            f"{floor}, cryptography, one core",
            tuple(floors),
            f"{count:,} signatures",
        )
        for where, values, count in (
            ("one core", alone, len(bare)),
            ("a process a core", beside, repeats * len(bare)),
        )
    ]


def _judge_alone(pages: int | None) -> None:
    with Beside(SealJudge, processes=0) as judge:
        _judge(judge, pages)


def _judge(
    judge: Beside[SealedBatch, list[Fault]], pages: int | None, *, times: int = 1
) -> None:
    """All pages handed over, so many times, and then all of them answered."""
    genesis = partners.find_genesis()
    assert genesis is not None
    answers: list[list[Fault]] = []
    keys, receipt_keys = _keys()
    for page in chain.from_iterable(_pages(pages) for _ in range(times)):
        answers += judge.put(SealedBatch(page, keys, receipt_keys, genesis.webauthn))
    answers += judge.finish()
    assert not any(answers)


def _keys() -> tuple[Keys, Keys]:
    """Of those who signed, and of the ledger itself; `fsck` has them in memory."""
    genesis = partners.find_genesis()
    assert genesis is not None
    rows = SigningKey.objects.values_list("keyid", "algorithm", "spki")
    return (
        {keyid: (alg, bytes(spki)) for keyid, alg, spki in rows},
        {key.keyid: (key.alg, key.spki) for key in genesis.receipt_keys},
    )


def _pages(most: int | None):
    for page in islice(ledger.iter_statements(), most):
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


def _bare(keys: Keys, receipt_keys: Keys, pages: int | None):
    """The verifying function of each key with what it is given."""
    for page in _pages(pages):
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
