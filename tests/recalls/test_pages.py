"""Pages of recalls: inbox, console, forms and the query."""

import pytest

from apps.partners.models import ReadAudit, SigningKey
from apps.recalls.models import Notice
from pharmatrace.demo.cast import (
    AMOXIL,
    LINDE,
    MARKT,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from tests.recalls.calls import Goods, answer, close, open_recall, recalled, spread


@pytest.fixture
def recall(stage):
    return recalled(stage)


@pytest.fixture
def visit(client, stage):
    def visit(player: Player, path: str, **asked: str):
        client.force_login(stage.actor(player).user)
        return client.get(path, asked)

    return visit


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_list_says_what_a_holder_has_and_asks_for_its_answer(recall, visit):
    page = text_of(visit(STELLA, "/recalls"))

    assert "Answer wanted" in page
    assert f'href="/recalls/{recall.pk}"' in page
    assert "Open a recall" not in page


def test_an_empty_list_says_what_will_stand_there(recall, visit):
    assert "No recall concerns you" in text_of(visit(MARKT, "/recalls"))


def test_the_opener_sees_how_many_answered(stage, recall, visit):
    answer(stage, recall, quarantined=6, supplied=4)

    page = text_of(visit(NOVAMED, "/recalls"))

    assert "1 of 3" in page
    assert "Open a recall" in page


def test_what_a_suspect_key_signed_is_marked(stage, recall, visit):
    """Nils's tablet was in foreign hands when it answered and amended."""
    nils = NOVAMED.people[1]
    stage.enrol(NOVAMED, nils)
    about = {"recall": recall.pk}
    said = about | {"kind": "recall.answer", "lot": "A1", "counts": {"supplied": 100}}
    stage.act(NOVAMED, said, person=nils)
    wider = about | {"kind": "recall.amend", "scope": {"lots": ["A1", "A2"]}}
    stage.act(NOVAMED, wider | {"reason": "Another lot."}, person=nils)
    path, mark = f"/recalls/{recall.pk}", "signed by a suspect key"
    assert mark not in text_of(visit(NOVAMED, path))

    key = SigningKey.objects.get(signer=nils.signer)
    revoked = {"kind": "key.revoke", "keyid": key.keyid, "reason": "tablet lost"}
    stage.act(NOVAMED, revoked | {"suspect_since": "2027-01-01"})

    # The change of scope; among the holders; and beside its own answer.
    assert text_of(visit(STELLA, path)).count(mark) == 1
    assert text_of(visit(REGULATOR, path)).count(mark) == 2
    assert text_of(visit(NOVAMED, path)).count(mark) == 3


def test_a_holder_reads_what_to_do_and_its_notice_is_read(recall, visit):
    page = text_of(visit(STELLA, f"/recalls/{recall.pk}"))

    assert "Quarantine and answer." in page
    assert f"/recalls/{recall.pk}/answer?lot=A1" in page
    assert "Who was told" not in page
    assert TRANSPHARM.name not in page
    notice = Notice.objects.get(partner__gln=STELLA.gln)
    assert notice.read_at is not None


def test_the_console_names_every_holder_with_its_contact(stage, recall, visit):
    answer(stage, recall, quarantined=5, supplied=4, not_found=1)

    page = text_of(visit(NOVAMED, f"/recalls/{recall.pk}"))

    assert "unaccounted" in page
    assert f'href="tel:{TRANSPHARM.phone.replace(" ", "")}"' in page
    assert "5 quarantined, 4 supplied or passed on, 1 not found" in page
    assert "2 of 3 answers are still waited for" in page
    assert "Holders say that 1 pack was not found." in page
    assert f"/api/v1/recalls/{recall.pk}/affected?format=csv" in page


@pytest.mark.parametrize("path", ["", "/answer", "/amend", "/close"])
def test_to_a_stranger_a_foreign_recall_is_missing(recall, visit, path):
    foreign = visit(LINDE, f"/recalls/{recall.pk}{path}")
    missing = visit(LINDE, f"/recalls/{'0' * 64}{path}")

    assert (foreign.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize("path", ["amend", "close"])
def test_only_who_opened_it_finds_the_forms_that_change_it(recall, visit, path):
    assert visit(STELLA, f"/recalls/{recall.pk}/{path}").status_code == 404
    assert visit(NOVAMED, f"/recalls/{recall.pk}/{path}").status_code == 200
    assert visit(REGULATOR, f"/recalls/{recall.pk}/{path}").status_code == 200


def test_the_form_of_an_amendment_begins_with_the_whole_scope(stage, visit):
    spread(stage)
    recall = open_recall(
        stage,
        scope={
            "serials": ["S000003"],
            "ranges": ["S000010 S000012"],
            "expiry_to": "2030-01-01",
        },
    )

    page = text_of(visit(NOVAMED, f"/recalls/{recall.pk}/amend"))

    assert ">S000003</textarea>" in page
    assert ">S000010 S000012</textarea>" in page
    assert 'value="2030-01-01"' in page
    assert 'type="date"' not in page


def test_the_answer_begins_with_what_the_ledger_knows(recall, visit):
    page = text_of(visit(STELLA, f"/recalls/{recall.pk}/answer", lot="A1"))

    assert "must add up to 10" in page
    assert 'name="counts.quarantined" type="number" inputmode="numeric" min="0"' in page
    assert 'step="1" value="6"' in page
    assert visit(STELLA, f"/recalls/{recall.pk}/answer", lot="B2").status_code == 404


def test_a_closed_recall_takes_no_answer(stage, recall, visit):
    close(stage, recall)

    assert visit(STELLA, f"/recalls/{recall.pk}/answer", lot="A1").status_code == 404
    assert "Closed" in text_of(visit(STELLA, f"/recalls/{recall.pk}"))


def test_makers_and_regulators_open_recalls_and_others_do_not(recall, visit):
    assert "/recalls/what-if" in text_of(visit(NOVAMED, "/recalls/new"))
    assert visit(REGULATOR, "/recalls/new").status_code == 200
    assert visit(STELLA, "/recalls/new").status_code == 403
    assert visit(OPERATOR, "/recalls/new").status_code == 403


def test_what_it_would_block_is_counted_while_it_is_written(recall, visit):
    asked = {"gtin": AMOXIL.gtin, "scope.lots": "A1\n"}

    page = text_of(visit(NOVAMED, "/recalls/what-if", **asked))
    unclear = text_of(visit(NOVAMED, "/recalls/what-if", gtin=AMOXIL.gtin))
    foreign = text_of(visit(STELLA, "/recalls/what-if", **asked))

    assert '<dd class="figure">100</dd>' in page
    assert "Lot: A1" in page
    assert "name a lot" in unclear
    assert "name a lot" in foreign


def test_a_lot_that_nobody_made_would_be_born_recalled(recall, visit):
    asked = {"gtin": AMOXIL.gtin, "scope.lots": "Z9"}

    page = text_of(visit(NOVAMED, "/recalls/what-if", **asked))

    assert "born recalled" in page
    assert "Lot Z9 is not on record" in page
    assert "Sign and block packs that are made later" in page


def test_a_mistyped_lot_is_told_with_the_likely_one(recall, visit):
    asked = {"gtin": AMOXIL.gtin, "scope.lots": "A1\nA11"}

    page = text_of(visit(NOVAMED, "/recalls/what-if", **asked))

    assert "Lot A11 is not on record" in page
    assert "Did you mean A1?" in page
    assert "Sign and block 100 packs" in page
    assert "Lot A1 is not on record" not in page


def test_after_its_signature_a_recall_leads_to_its_page(recall, visit):
    page = text_of(visit(NOVAMED, "/recalls/new"))

    assert 'data-sign-next="/recalls/{id}"' in page


def test_the_query_answers_where_every_pack_is(recall, visit):
    page = text_of(visit(REGULATOR, "/query", gtin=AMOXIL.gtin, lot="A1"))

    assert '<dd class="figure">100</dd>' in page
    assert STELLA.sites[0].name in page
    assert "format=csv" in page
    read = ReadAudit.objects.get()
    assert (read.action, read.subject) == (
        "recalls.query",
        f"gtin={AMOXIL.gtin} lot=A1",
    )


def test_the_query_says_what_it_cannot_read(recall, visit):
    page = text_of(visit(REGULATOR, "/query", gtin="123"))

    assert "This question cannot be read" in page
    assert "No such pack" in text_of(visit(REGULATOR, "/query", lot="NONE"))
    assert "Ask by any of them" in text_of(visit(NOVAMED, "/query"))
    assert visit(STELLA, "/query").status_code == 403


def test_texts_of_others_are_shown_as_text(stage, visit):
    goods = Goods(stage)
    goods.commission()
    recall = open_recall(stage, reason="<script>alert(1)</script> & co")

    page = text_of(visit(NOVAMED, f"/recalls/{recall.pk}"))

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page


def test_a_window_that_runs_backwards_says_so_beside_the_question(recall, visit):
    asked = {"expiry_from": "2030-01-01", "expiry_to": "2029-01-01"}

    page = text_of(visit(REGULATOR, "/query", **asked))

    assert "This question cannot be read" in page
    assert "a day from 2030-01-01 on" in page
    assert "No such pack" not in page
