"""A block made by the libraries of Ethereum's clients, which the ground does not use."""

from dataclasses import dataclass, replace

import rlp
from trie import HexaryTrie

from apps.core.evm.keccak import keccak256
from apps.core.evm.token import EVENT, EvmToken

CONTRACT, BY, ROOT = b"\xc0" * 20, b"\xb1" * 20, b"\x17" * 32
SIZE = 4711
TIME = 1_790_000_000


def event(*, contract=CONTRACT, by=BY, root=ROOT, size=SIZE, name=EVENT):
    return [contract, [name, bytes(12) + by, root], size.to_bytes(32, "big")]


def receipt(logs, *, status=b"\x01", kind=b"\x02", more=()):
    return kind + rlp.encode([status, b"\x52\x08", bytes(256), logs, *more])


def other(number):
    """What else happens in a block: long enough to be a node of its own."""
    return receipt(
        [event(by=bytes([number]) * 20)], kind=b"\x02" if number % 3 else b""
    )


@dataclass
class Block:
    header: bytes
    trie: HexaryTrie

    @property
    def hash(self):
        return keccak256(self.header)

    def nodes(self, index):
        found = map(rlp.encode, self.trie.get_proof(rlp.encode(index)))
        # What is shorter than its hash stands inside the node before it.
        return tuple(n for at, n in enumerate(found) if not at or len(n) > 31)


def block(receipts, *, number=9, time=TIME, more=()):
    trie = HexaryTrie({})
    for index, data in enumerate(receipts):
        trie[rlp.encode(index)] = data
    fields = [
        *(bytes(32), bytes(32), bytes(20), bytes(32), bytes(32)),
        *(trie.root_hash, bytes(256), b""),
        *(rlp.sedes.big_endian_int.serialize(n) for n in (number, 30_000_000, 21_000)),
        rlp.sedes.big_endian_int.serialize(time),
        *(b"extra", bytes(32), bytes(8), *more),
    ]
    return Block(rlp.encode(fields), trie)


def token_in(made, index, **changed):
    whole = EvmToken(
        chain_id=1,
        contract=CONTRACT,
        by=BY,
        transaction=b"\x7a" * 32,
        block_hash=made.hash,
        block_number=9,
        header=made.header,
        index=index,
        log_index=0,
        proof=made.nodes(index),
    )
    return replace(whole, **changed)


def token(count=200, index=77, ours=None, **changed):
    """A token over ROOT and SIZE, the receipt being one of `count` in its block."""
    receipts = [other(number % 250) for number in range(count)]
    receipts[index] = ours or receipt([event()])
    return token_in(block(receipts), index, **changed)
