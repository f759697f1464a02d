"""docs/formats.md: files of events, single fields and anchors, from the page alone."""

import base64
import json
import re

import pytest
import rlp
from eth_hash.auto import keccak

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.events import events_root, line_leaf, parse_lines
from apps.core.evm.token import EvmToken, verify_token
from apps.core.leaf import ANCHOR_TAG, CONFIG_TAG, anchor_commitment
from apps.core.merkle import RootBuilder
from apps.core.places import head_of
from apps.core.proof import TlogProof
from apps.core.ranges import parse_ranges, set_digest
from apps.core.subjects import EventsRoot, Moved
from tests.core.test_formats_example import PAGE, block, example, sha


def file_of(case):
    return "".join(f"{line}\n" for line in case["lines"]).encode()


def spelled(value) -> bytes:
    """JCS of what holds ASCII names, text and integers only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def test_a_file_of_events_is_named_by_number_and_digest():
    case = example("events")
    data = file_of(case)

    assert case["body"] == {"count": 3, "digest": sha(data).hex()}
    assert EventsFile.of(data).to_json() == case["body"]
    assert [spelled(json.loads(line)).decode() for line in case["lines"]] == (
        case["lines"]
    )
    with pytest.raises(MalformedInput):
        EventsFile.of(data).verify(data.replace(b"S2", b"S3"))


def test_a_line_is_a_leaf_of_every_subject_that_it_touches():
    case = example("events")
    read = parse_lines(file_of(case))
    for subject in case["subjects"]:
        leaves = []
        for said in subject["lines"]:
            number, ranges = said["line"], said["ranges"]
            n = sum(last - first + 1 for first, last in ranges)
            digest = sha(b"pharmatrace/set/v1\0", spelled(ranges))
            line = json.loads(case["lines"][number])
            listed = {**line, "line": number, "n": n, "set": digest.hex()}
            leaf = sha(b"\0", spelled(listed))
            assert leaf.hex() == said["leaf"]
            assert digest == set_digest(parse_ranges(ranges, field="set"))
            assert leaf == line_leaf(
                number=number,
                event=read[number].event_json,
                parents=read[number].parents,
                moved=Moved(n, digest),
            )
            leaves.append(leaf)
        root = leaves[0] if len(leaves) == 1 else sha(b"\1", *leaves)
        assert subject["events"] == {"size": len(leaves), "root": root.hex()}
        assert events_root(leaves) == EventsRoot(len(leaves), root)

    tags = [subject["tag"] for subject in case["subjects"]]
    assert tags == [example("tags")[name]["tag"] for name in ("batch", "party")]


def test_single_fields_would_be_shown_from_a_salted_tree():
    case = example("disclosure")
    builder = RootBuilder()
    for each in case["leaves"]:
        salt = bytes.fromhex(each["salt"])
        listed = spelled([each["name"], each["value"]])
        assert listed == canonical_bytes([each["name"], each["value"]])
        leaf = sha(b"\0", salt, listed)
        assert (len(salt), leaf.hex()) == (16, each["leaf"])
        builder.append(leaf)

    names = [each["name"] for each in case["leaves"]]
    assert names == sorted(set(names))
    first, second, third = (bytes.fromhex(each["leaf"]) for each in case["leaves"])
    assert sha(b"\1", sha(b"\1", first, second), third).hex() == case["root"]
    assert builder.root().hex() == case["root"]
    # Version 1 commits to none.
    assert example("commitment")["disclosure_root"] == "00" * 32


def test_an_anchor_receipt_commits_to_head_and_token():
    case = example("anchor")
    root, token = bytes.fromhex(case["root"]), bytes.fromhex(case["token"])
    size = case["tree_size"].to_bytes(8, "big")

    made = sha(b"pharmatrace/anchor/v1\0", size, root, sha(token))
    assert made.hex() == case["commitment"]
    assert made == anchor_commitment(
        tree_size=case["tree_size"], root=root, token=token
    )
    head = head_of(TlogProof.parse(block("tlog-proof").encode()))
    assert (head.tree_size, head.root_hash) == (case["tree_size"], root)
    other = anchor_commitment(tree_size=case["tree_size"] + 1, root=root, token=token)
    assert other != made


def test_two_chains_have_tags_that_everybody_knows():
    case = example("anchor")

    assert sha(b"pharmatrace/tag/v1\0anchor") == ANCHOR_TAG
    assert sha(b"pharmatrace/tag/v1\0config") == CONFIG_TAG
    assert case["tag"] == ANCHOR_TAG.hex()
    assert case["tag_of_configuration"] == CONFIG_TAG.hex()


def test_an_event_on_a_chain_is_shown_by_the_hash_of_its_block():
    case, head = example("evm"), example("anchor")
    header = rlp.decode(bytes.fromhex(case["header"]))
    (node,) = map(bytes.fromhex, case["proof"])
    path, value = rlp.decode(node)
    status, _gas, _bloom, logs = rlp.decode(value[1:])
    contract, topics, data = logs[case["log_index"]]

    assert keccak(bytes.fromhex(case["header"])).hex() == case["block_hash"]
    assert int.from_bytes(header[8], "big") == case["block_number"]
    assert header[5] == keccak(node)
    assert (path, value[0]) == (b"\x20" + rlp.encode(case["index"]), 2)
    assert (status, contract.hex()) == (b"\1", case["contract"])
    assert topics[0] == keccak(b"Anchored(address,bytes32,uint256)")
    assert topics[1].hex() == "00" * 12 + case["by"]
    assert topics[2].hex() == head["root"]
    assert int.from_bytes(data, "big") == head["tree_size"]
    seconds = verify_token(
        EvmToken.parse(spelled(case)),
        tree_size=head["tree_size"],
        root_hash=bytes.fromhex(head["root"]),
    )
    assert seconds == int.from_bytes(header[11], "big")


def test_an_outsider_reads_a_token_as_the_page_says(tmp_path, monkeypatch, capsys):
    case, head = example("evm"), example("anchor")
    root = base64.b64encode(bytes.fromhex(head["root"])).decode()
    (tmp_path / "17.evm").write_bytes(spelled(case))
    (tmp_path / "head.txt").write_text(f"a.example\n{head['tree_size']}\n{root}\n")
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

    exec(snippet.replace("pharmatrace_core", "apps.core"), {})  # noqa: S102

    said = capsys.readouterr().out.split()
    assert said[:2] == [str(case["block_number"]), case["block_hash"]]
    assert int(said[2]) > 1_700_000_000
