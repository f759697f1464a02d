"""Somebody clever leaves something out and makes all the rest fit."""

from dataclasses import replace

import pytest

from apps.core.bundle.build import Plan, PlannedChain
from apps.core.chain import advance
from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.errors import ProofError
from apps.core.leaf import MAP_ROOT_TAG, LeafType
from apps.core.mapbuild import MapTree, build_root
from apps.core.tree import MemoryTree
from tests.core.bundle.acts import random_history
from tests.core.bundle.history import History
from tests.core.bundle.planning import check, planned, write_bundle
from tests.core.bundle.saying import NOVAMED, TRANSPHARM
from tests.core.outside.small_ledger import AT, LOG, ORIGIN


@pytest.fixture(scope="module")
def history():
    return random_history(11, steps=80)


def refusal(history, plan, planner, *, heads=None, tree=None):
    """Step and code with which the bundle of a plan is refused."""
    prove = MapTree(heads or history.ledger.map_heads).prove
    whole = planner.plan()
    sayings = (s for s in planner.sayings(whole) if s.statement_id in plan.opened)
    data = write_bundle(plan, sayings, prove, tree or history.ledger.tree)
    with pytest.raises(ProofError) as refused:
        check(data, history)
    return refused.value.step, refused.value.code


def without(plan: Plan, identity: str) -> Plan:
    """The plan as if a statement had never been, its chains linked anew."""
    chains = []
    for chain in plan.chains:
        value, rows = None, []
        for row in chain.leaves:
            if row.statement_id == identity:
                continue
            link = replace(
                row.leaf,
                chain_seq=value.count if value else 0,
                prev_leaf_hash=value.head_leaf_hash if value else bytes(32),
            )
            value = advance(value, leaf=link, index=row.index)
            rows.append(replace(row, leaf=link))
        chains.append(PlannedChain(chain.of, chain.tag, value, rows))
    return replace(plan, chains=tuple(chains), opened=plan.opened - {identity})


def last_of_lot(history, plan):
    """The last event of the lot: nothing builds on it."""
    (chain,) = [each for each in plan.chains if each.of[0] == "batch"]
    return chain.leaves[-1].statement_id


def test_an_event_is_missed_by_the_chain_and_its_end(history):
    planner, plan = planned(history, "A1")
    opened = plan.opened - {last_of_lot(history, plan)}

    refused = refusal(history, replace(plan, opened=opened), planner)

    assert refused == (5, "entry_withheld")


def test_a_shorter_chain_is_not_the_one_of_the_map(history):
    planner, plan = planned(history, "A1")

    refused = refusal(history, without(plan, last_of_lot(history, plan)), planner)

    assert refused == (7, "root_mismatch")


def test_a_map_of_shorter_chains_is_not_in_the_last_leaf(history):
    planner, plan = planned(history, "A1")
    plan = without(plan, last_of_lot(history, plan))
    heads = _shorter(history, plan)

    assert refusal(history, plan, planner, heads=heads) == (7, "root_mismatch")


def test_another_last_leaf_is_not_under_the_checkpoint(history):
    planner, plan = planned(history, "A1")
    plan = without(plan, last_of_lot(history, plan))
    heads = _shorter(history, plan)
    lying = replace(plan.map_root, commitment=build_root(heads))

    refused = refusal(history, replace(plan, map_root=lying), planner, heads=heads)

    assert refused == (8, "root_mismatch")


def test_a_checkpoint_over_it_needs_the_witnesses(history):
    """The operator signs another log; nobody cosigns it."""
    planner, plan = planned(history, "A1")
    identity = last_of_lot(history, plan)
    plan = without(plan, identity)
    heads = _shorter(history, plan)
    lying = replace(plan.map_root, commitment=build_root(heads))
    leaves = [each.leaf_hash for each in history.ledger.leaves]
    for chain in plan.chains:
        for row in chain.leaves:
            leaves[row.index] = row.leaf.leaf_hash
    leaves[plan.tree_size - 1] = lying.leaf_hash
    tree = MemoryTree(leaves)
    head = Checkpoint(ORIGIN, tree.size, tree.root())
    note = sign_checkpoint(head, (LOG,), time_seconds=AT // 1000).format()
    plan = replace(plan, map_root=lying, note=note)

    refused = refusal(history, plan, planner, heads=heads, tree=tree)

    assert refused == (2, "no_quorum")


def _shorter(history, plan):
    heads = dict(history.ledger.map_heads)
    for chain in plan.chains:
        if chain.value is not None:
            heads[chain.tag] = chain.value
    return heads


def test_no_statement_of_any_chain_can_be_left_out(history):
    planner, plan = planned(history, "A1", "B2")

    steps = [
        refusal(history, without(plan, identity), planner)[0]
        for identity in plan.order()
    ]

    assert len(steps) > 25
    assert set(steps) <= {2, 7, 9, 10, 11, 12}


def test_the_end_of_a_key_cannot_be_left_out():
    history = History(3).begin()
    history.enrol(NOVAMED, "nils-02")
    history.commission("A1", 4)
    history.revoke(NOVAMED, "nils-02")
    history.close()
    planner, plan = planned(history, "A1")
    (end,) = [n for n, s in history.said.items() if s.statement.kind == "key.revoke"]
    assert end in plan.opened

    assert refusal(history, without(plan, end), planner) == (7, "root_mismatch")


def test_a_key_whose_chain_is_not_shown_speaks_for_nobody(history):
    planner, plan = planned(history, "A1")
    novamed = next(each.of for each in plan.chains if each.of[0] == "key")
    chains = tuple(each for each in plan.chains if each.of != novamed)
    shown = {row.statement_id for each in chains for row in each.leaves}
    plan = replace(plan, chains=chains, opened=plan.opened & shown)

    step, code = refusal(history, plan, planner)

    assert (step, code) in {
        (9, "unknown_key"),
        (9, "signature_missing"),
        (9, "no_genesis"),
    }


@pytest.mark.parametrize("what", ["party", "product", "batch", "config"])
def test_a_chain_is_not_left_out(history, what):
    planner, plan = planned(history, "A1")
    gone = next(each.of for each in plan.chains if each.of[0] == what)
    chains = tuple(each for each in plan.chains if each.of != gone)
    shown = {row.statement_id for each in chains for row in each.leaves}
    plan = replace(plan, chains=chains, opened=plan.opened & shown)

    step, code = refusal(history, plan, planner)

    assert (step, code) in {
        (12, "addressee_unknown"),
        (12, "party_unknown"),
        (12, "recall_unknown"),
        (12, "wrong_chain"),
        (12, "not_licensed"),
        (11, "foreign_line"),
        (6, "chain_missing"),
        (5, "foreign_leaf"),
        (2, "no_genesis"),
    }


def test_a_licence_cannot_stay_closed(history):
    planner, plan = planned(history, "A1")
    chain = next(each for each in plan.chains if each.of == ("party", NOVAMED))
    licence = next(
        row for row in chain.leaves if row.position == 0 and row.leaf.chain_seq == 1
    )
    assert licence.leaf.kind is LeafType.PARTY

    opened = plan.opened - {licence.statement_id}

    assert refusal(history, replace(plan, opened=opened), planner)[:1] in {(5,), (12,)}


def test_a_closed_leaf_of_a_container_may_not_be_dropped_either():
    history = random_history(12, steps=60)
    planner, plan = planned(history, "A1")
    chain = next(
        each
        for each in plan.chains
        if each.of[0] == "party"
        and any(row.statement_id not in plan.opened for row in each.leaves)
    )
    closed = next(row for row in chain.leaves if row.statement_id not in plan.opened)

    refused = refusal(history, without(plan, closed.statement_id), planner)

    assert refused == (7, "root_mismatch")


def test_the_last_leaf_is_a_map_root(history):
    assert history.ledger.leaves[-1].subject_tag == MAP_ROOT_TAG
    assert TRANSPHARM != NOVAMED
