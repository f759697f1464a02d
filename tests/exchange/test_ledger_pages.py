"""The ledger's pages: everybody sees entries, parties see what they said."""

import json
import re

import pytest

from apps.anchoring import operations
from apps.core.policy import Policy
from apps.core.proof import TlogProof, verify_proof
from apps.core.tree import MemoryTree, inclusion_path
from apps.edge import secrets
from apps.exchange.views.tree import draw_tree
from apps.ledger import operations as ledger_operations
from apps.ledger.models import Leaf, Statement
from apps.partners.models import ReadAudit, User
from tests.cast import MARKT, NOVAMED, REGULATOR, Stage, ledger, stage
from tests.custody.goods import Goods

__all__ = ["ledger", "stage"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, tmp_path, stage: Stage) -> Stage:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    secrets.create_missing()
    operations.sequence(at=stage.tick())
    return stage


@pytest.fixture
def product_statement(story) -> Statement:
    return Statement.objects.filter(kind="product.register").earliest("accept_no")


def log_in(client, player):
    client.force_login(User.objects.get(username=player.admin.username))
    return client


def test_anybody_sees_the_checkpoints_with_their_seals(client, story):
    page = client.get("/ledger")

    said = page.content.decode()
    size = Leaf.objects.count()
    assert page.status_code == 200
    assert f">{size}</a>" in said
    assert "localhost:8000/pharmatrace" in said
    assert "Published" in said
    assert "Novamed" not in said


def test_an_empty_ledger_says_the_next_step(client, db, settings, tmp_path):
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"

    assert "No checkpoint yet" in client.get("/ledger").content.decode()
    assert client.get("/ledger/entries/0").status_code == 404


def test_in_quarantine_the_ledger_says_so(client, story):
    ledger_operations.quarantine(reason="two heads", at=story.at)

    said = client.get("/ledger").content.decode()

    assert "The ledger is read-only" in said
    assert "two heads" not in said


def test_an_entry_shows_its_facts_and_a_proof_that_holds(client, story, settings):
    leaf = Leaf.objects.get(index=7)

    said = client.get("/ledger/entries/7").content.decode()
    proof = client.get("/ledger/entries/7/proof")

    assert bytes(leaf.leaf_hash).hex() in said
    assert bytes(leaf.tag).hex() in said
    policy = Policy.parse((settings.LOG_DIR / "policy").read_bytes())
    verify_proof(
        TlogProof.parse(proof.content), leaf_hash=bytes(leaf.leaf_hash), policy=policy
    )
    assert proof["Content-Disposition"] == 'attachment; filename="entry-7.tlog-proof"'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 21])
def test_the_drawing_of_a_proof_ends_at_the_root(size):
    tree = MemoryTree(bytes([number]) * 32 for number in range(size))
    for index in range(size):
        path = inclusion_path(tree, index=index, tree_size=size)
        drawn = draw_tree(
            leaf_hash=bytes([index]) * 32, index=index, tree_size=size, path=path
        )

        assert drawn.root == tree.root().hex()
        assert len(drawn.nodes) == 2 * len(path) + 1
        places = {(node.x, node.y) for node in drawn.nodes}
        assert len(places) == len(drawn.nodes)
        assert all((edge.x1, edge.y1) in places for edge in drawn.edges)
        assert all((edge.x2, edge.y2) in places for edge in drawn.edges)


def test_an_entry_that_is_not_sealed_yet_says_so(client, story):
    story.license(NOVAMED, to="2041-01-01")
    size = Leaf.objects.count()
    operations.integrate_pending(at=story.tick(), limit_leaves=10)

    said = client.get(f"/ledger/entries/{size}").content.decode()

    assert "Not sealed yet" in said
    assert client.get(f"/ledger/entries/{size}/proof").status_code == 404


@pytest.mark.parametrize("index", ["999999", "9" * 30, "-1", "x", "1.0"])
def test_entries_that_are_not_there_are_not_found(client, story, index):
    assert client.get(f"/ledger/entries/{index}").status_code == 404
    assert client.get(f"/ledger/entries/{index}/proof").status_code == 404


def test_search_leads_to_entries_by_number_hash_and_root(client, story):
    leaf = Leaf.objects.get(index=5)
    size = Leaf.objects.count()
    root = operations.open_stores().files.read_checkpoint()
    assert root is not None
    head = operations.queries.read_head(root).root_hash.hex()

    by_number = client.get("/ledger", {"q": " 5 "})
    by_hash = client.get("/ledger", {"q": bytes(leaf.leaf_hash).hex().upper()})
    by_root = client.get("/ledger", {"q": head})

    assert by_number["Location"] == by_hash["Location"] == "/ledger/entries/5"
    assert by_root["Location"] == f"/ledger/entries/{size - 1}"


def test_search_lists_the_chain_of_a_tag(client, story):
    leaf = Leaf.objects.filter(chain_seq=1).exclude(tag=bytes(32)).earliest("index")

    said = client.get("/ledger", {"q": bytes(leaf.tag).hex()}).content.decode()

    assert "Entries of this tag" in said
    assert f"/ledger/entries/{leaf.index}" in said


@pytest.mark.parametrize(
    "text",
    ["ab" * 32, "nothing", "9" * 18, "9" * 40, "<script>", "%", "\udcff", "é" * 64],
)
def test_search_for_nothing_says_so(client, story, text):
    page = client.get("/ledger", {"q": text.encode("utf-8", "replace")})

    assert page.status_code == 200
    assert "Nothing here has that" in page.content.decode()
    assert "<script>" not in page.content.decode().replace("<script ", "")


def test_a_statement_shows_who_what_when_and_the_exact_bytes(client, product_statement):
    page = log_in(client, NOVAMED).get(f"/ledger/statements/{product_statement.id}")

    said = page.content.decode()
    admin = NOVAMED.admin
    assert page.status_code == 200
    assert "Registration of a product" in said
    assert f"{admin.first_name} {admin.last_name}" in said
    assert NOVAMED.name in said
    assert "Sealed and published" in said
    assert "&quot;kind&quot;:&quot;product.register&quot;" in said
    assert f"/api/v1/statements/{product_statement.id}/proof" in said


def test_each_signature_shows_name_time_and_meaning_together(client, product_statement):
    """21 CFR 11.50: what a signed record shows wherever it is shown."""
    page = log_in(client, NOVAMED).get(f"/ledger/statements/{product_statement.id}")

    table = page.content.decode().split("<h2>Signatures</h2>")[1].split("</table>")[0]
    (row,) = re.findall(r"<tr>(?!<th)(.*?)</tr>", table)
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)]
    payload = json.loads(bytes(product_statement.vault.payload))
    admin = NOVAMED.admin
    at = payload["at"].replace("T", " ")[:19]
    assert cells[:4] == [
        NOVAMED.name,
        f"{admin.first_name} {admin.last_name}",
        f"{at} UTC",
        payload["meaning"],
    ]


def test_a_statement_names_its_product_and_its_goods(client, story):
    goods = Goods(story)
    commissioned = goods.commission(lot="A9", count=7)
    registered = Statement.objects.filter(kind="product.register").earliest("accept_no")

    pages = [
        log_in(client, NOVAMED).get(f"/ledger/statements/{name}").content.decode()
        for name in (commissioned.statement_id, registered.id)
    ]

    assert "7 packs · Amoxil 500 mg" in pages[0]
    assert ">A9</code>" in pages[0]
    assert "Amoxil 500 mg · GTIN" in pages[1]


def test_a_waiting_statement_says_that_it_waits(client, story):
    accepted = story.license(NOVAMED, to="2041-01-01")

    said = (
        log_in(client, REGULATOR)
        .get(f"/ledger/statements/{accepted.statement_id}")
        .content.decode()
    )

    assert "Accepted, waits for its entry" in said


def test_foreign_and_missing_statements_answer_the_same(client, product_statement):
    log_in(client, MARKT)

    foreign = client.get(f"/ledger/statements/{product_statement.id}")
    missing = client.get(f"/ledger/statements/{'0' * 64}")

    assert foreign.status_code == missing.status_code == 404
    strip = product_statement.id
    said, other = (
        answer.content.decode().replace(strip, "").replace("0" * 64, "")
        for answer in (foreign, missing)
    )
    assert len(said) == pytest.approx(len(other), abs=64)
    assert "Registration of a product" not in said
    page = client.get("/ledger", {"q": product_statement.id})
    assert "Nothing here has that" in page.content.decode()


def test_strangers_are_asked_to_log_in(client, product_statement):
    answer = client.get(f"/ledger/statements/{product_statement.id}")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login")


def test_a_regulators_read_is_noted(client, product_statement):
    log_in(client, REGULATOR)

    page = client.get(f"/ledger/statements/{product_statement.id}")

    assert page.status_code == 200
    note = ReadAudit.objects.get(action="statement")
    assert note.subject == product_statement.id


def test_an_entry_leads_its_parties_to_the_statement(client, product_statement):
    leaf = Leaf.objects.filter(statement_id=product_statement.id).earliest("index")
    address = f"/ledger/statements/{product_statement.id}"

    stranger = client.get(f"/ledger/entries/{leaf.index}").content.decode()
    own = log_in(client, NOVAMED).get(f"/ledger/entries/{leaf.index}").content.decode()
    by_search = client.get("/ledger", {"q": product_statement.id})

    assert address not in stranger
    assert address in own
    assert by_search["Location"] == address


@pytest.mark.parametrize("path", ["/ledger", "/ledger/entries/0"])
def test_pages_are_read_only(client, story, path):
    assert client.post(path).status_code in {403, 405}
