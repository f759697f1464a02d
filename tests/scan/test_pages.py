"""The pages of scanning and search, as the server renders them."""

import pytest

from apps.scan.models import Scan
from pharmatrace.demo.cast import (
    AMOXIL,
    LINDE,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)
from tests.custody.goods import box, sscc
from tests.scan.packs import LOT, code


@pytest.fixture
def login(chain, client):
    def as_player(player, person=None):
        client.force_login(chain.stage.actor(player, person).user)
        return client

    return as_player


def verdict(client, text):
    answer = client.get("/scan", {"code": text})
    assert answer.status_code == 200
    return answer, answer.context["page"].verdict


def test_the_page_waits_for_a_pack(login):
    answer = login(STELLA).get("/scan")

    assert answer.context["page"].verdict is None
    assert "Ready" in answer.content.decode()
    assert "'wasm-unsafe-eval'" in answer["Content-Security-Policy"]
    assert answer.content.count(b"<h1") == 1


def test_only_the_page_with_the_decoder_may_compile(login):
    assert "wasm" not in login(STELLA).get("/search")["Content-Security-Policy"]


def test_a_verdict_offers_what_the_law_would_let_one_sign(chain, login):
    answer, part = verdict(login(STELLA), chain.code(0))

    assert (part.band.word, part.band.state, part.band.expiry) == (
        "Dispense",
        "go",
        "2029-02",
    )
    assert part.main.wish == {
        "kind": "event",
        "step": "dispense",
        "site": STELLA.sites[0].gln,
        "items": [chain.epc(0)],
    }
    assert [step.name for step in part.others] == ["dispense_part", "hold"]
    assert answer.content.count(b"<h1") == 1


def test_the_offered_wishes_are_wishes_that_can_be_drafted(chain, login):
    client = login(STELLA)
    _, part = verdict(client, chain.code(0))

    for step in [part.main, *part.others]:
        chain.stage.act(STELLA, step.wish)
        break
    _, part = verdict(client, chain.code(0))
    assert [step.name for step in part.others] == ["undo"]
    chain.stage.act(STELLA, part.others[0].wish)
    _, part = verdict(client, chain.code(0))
    hold = next(step for step in part.others if step.name == "hold")
    chain.stage.act(STELLA, hold.wish)
    _, part = verdict(client, chain.code(0))
    assert [step.name for step in part.others] == ["release"]
    chain.stage.act(STELLA, part.others[0].wish)

    assert verdict(client, chain.code(0))[1].main is not None


def test_each_hold_is_lifted_under_its_own_reason(chain, login):
    own = [chain.epc(11)]
    for reason in ({}, {"reason": "recalled"}):
        chain.do(NOVAMED, "hold", items=own, **reason)
    client = login(NOVAMED)

    for _ in range(2):
        _, part = verdict(client, chain.code(11))
        (release,) = part.others
        chain.stage.act(NOVAMED, release.wish)

    assert "release" not in [
        step.name for step in verdict(client, chain.code(11))[1].others
    ]


def test_who_may_not_sign_is_offered_nothing_to_sign(chain, login):
    _, part = verdict(login(STELLA, STELLA.people[1]), chain.code(0))

    assert part.band.word == "Dispense"
    assert (part.main, part.others, part.may_sign) == (None, [], False)


def test_a_foreign_pack_offers_nothing(chain, login):
    _, part = verdict(login(LINDE), chain.code(0))

    assert (part.band.word, part.main, part.others, part.rows) == ("Hold", None, [], [])


def test_the_proof_line_waits_for_a_checkpoint(chain, login):
    answer, part = verdict(login(STELLA), chain.code(0))

    assert part.proof.size == 0
    assert "the next checkpoint follows" in answer.content.decode()


def test_the_custody_of_a_pack_is_counted_in_words(chain, login):
    _, part = verdict(login(STELLA), chain.code(0))

    assert part.summary == "5 links, 3 scanned, 2 inferred"
    assert part.rows[-1].by == "Stella Marin"
    assert [row.by for row in part.rows[:-1]] == [""] * 4


def test_a_doubtful_code_is_shown_escaped_with_its_way_out(chain, login):
    answer, part = verdict(login(STELLA), "\u202e<script>alert(1)</script>")
    body = answer.content.decode()

    assert part.band.word == "Ask"
    assert "<script>alert" not in body
    assert "\u202e" not in body.partition("<main")[2]


def test_a_lost_separator_leads_to_the_pack_it_may_mean(chain, login):
    client = login(STELLA)
    _, part = verdict(client, chain.code(0, gs=""))

    assert part.band.word == "Ask"
    assert client.get(part.proposal_url).context["page"].verdict.band.word == "Dispense"


def test_a_recalled_pack_leads_to_its_recall(chain, login):
    recall = chain.recall()
    _, part = verdict(login(STELLA), chain.code(0))

    assert part.next_url == f"/recalls/{recall}"


def test_a_pack_under_way_leads_to_its_receipt(chain, login):
    ref = chain.ship([chain.epc(7)])
    _, part = verdict(login(TRANSPHARM), chain.code(7))

    assert ref in part.next_url


def test_a_container_of_ones_own_leads_to_its_page(chain, login):
    chain.fill(7, [chain.names[9]])

    _, own = verdict(login(NOVAMED), f"00{sscc(7)}")
    _, foreign = verdict(login(STELLA), f"00{sscc(7)}")

    assert (own.band.word, own.next_url) == ("Ask", f"/containers/{sscc(7)}")
    assert (foreign.band.word, foreign.next_url) == ("Ask", "")


def test_the_regulator_reads_on_record(chain, login):
    _, part = verdict(login(REGULATOR), chain.code(0))

    assert (part.band.word, part.band.state) == ("On record", "past")


def test_htmx_gets_the_verdict_alone(chain, login):
    answer = login(STELLA).get(
        "/scan", {"code": chain.code(0)}, headers={"HX-Request": "true"}
    )

    assert b"<html" not in answer.content
    assert answer.content.count(b"<h1") == 1


def test_the_strip_holds_ones_own_last_ten_and_the_run_counts_all(chain, login):
    client = login(STELLA)
    for number in range(12):
        client.get("/scan", {"code": code(f"X{number}")})
    page = client.get("/scan").context["page"]

    assert [chip.serial for chip in page.strip] == [f"X{n}" for n in range(11, 1, -1)]
    assert page.count == 12
    assert login(LINDE).get("/scan").context["page"].strip == []


def test_a_page_loaded_again_is_no_further_pack(login):
    client = login(STELLA)
    for text in ("X1", "X1", "X2", "X1", "X1"):
        client.get("/scan", {"code": code(text)})
    client.get("/scan", {"code": "garbage"})
    page = client.get("/scan").context["page"]

    assert [chip.serial for chip in page.strip] == ["garbage", "X1", "X2", "X1"]
    assert page.count == 2


def test_a_member_without_organisation_is_refused(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody"))

    assert client.get("/scan").status_code == 403


@pytest.mark.parametrize("path", ["/scan", "/search", "/scan/sign/dispense"])
def test_strangers_log_in_first(client, db, path):
    assert client.get(path).status_code == 302


class TestSigning:
    def test_each_step_has_a_page_of_its_own(self, chain, login):
        answer = login(STELLA).get("/scan/sign/dispense_part", {"code": chain.code(0)})

        assert answer.context["page"].step.wish["step"] == "dispense_part"
        assert b"data-sign-auto" in answer.content
        assert Scan.objects.count() == 0

    @pytest.mark.parametrize("step", ["undo", "release", "nonsense", "dispense"])
    def test_a_step_that_is_not_offered_leads_back(self, chain, login, step):
        answer = login(LINDE).get(f"/scan/sign/{step}", {"code": chain.code(0)})

        assert answer.status_code == 302
        assert answer["Location"].startswith("/scan?code=")

    def test_without_a_code_there_is_no_page(self, login):
        assert login(STELLA).get("/scan/sign/hold").status_code == 404

    def test_a_member_who_may_not_sign_is_refused(self, chain, login):
        client = login(STELLA, STELLA.people[1])

        answer = client.get("/scan/sign/hold", {"code": chain.code(0)})

        assert answer.status_code == 403


class TestSearch:
    def go(self, client, text):
        answer = client.get("/search", {"q": text})
        if answer.status_code == 302:
            return answer["Location"]
        return [one.url for one in answer.context["page"].found]

    def test_a_scan_goes_to_its_verdict(self, chain, login):
        where = self.go(login(STELLA), chain.code(0))

        assert where.startswith("/scan?code=01")
        assert Scan.objects.count() == 0

    @pytest.mark.parametrize("player", [NOVAMED, STELLA, REGULATOR])
    def test_a_lot_goes_to_its_batch_for_who_has_to_do_with_it(self, login, player):
        assert self.go(login(player), LOT) == f"/batches/{AMOXIL.gtin}/{LOT}"

    @pytest.mark.parametrize("text", [LOT, "S1K7q00", "ZZZ"])
    def test_foreign_and_missing_are_found_alike(self, login, text):
        assert self.go(login(MARKT), text) == []

    def test_a_serial_is_found_by_its_maker_and_its_holder(self, chain, login):
        wanted = "/scan?code=https%3A%2F%2Fid.gs1.org%2F01%2F" + AMOXIL.gtin

        for player in (NOVAMED, STELLA, REGULATOR):
            assert self.go(login(player), chain.names[0]).startswith(wanted)
        assert self.go(login(STELLA), chain.names[11]) == []

    @pytest.mark.parametrize("text", [AMOXIL.gtin, AMOXIL.gtin[1:], "moxil"])
    def test_a_product_is_found_by_number_and_name(self, login, text):
        assert self.go(login(STELLA), text) == f"/products/{AMOXIL.gtin}"

    def test_a_container_is_found_by_its_holder_only(self, chain, login):
        chain.fill(7, [chain.names[9]])
        assert box(7).endswith(sscc(7))

        assert self.go(login(NOVAMED), sscc(7)) == f"/containers/{sscc(7)}"
        assert self.go(login(STELLA), sscc(7)) == []

    def test_a_statement_is_found_by_its_party_only(self, chain, login):
        said = chain.do(NOVAMED, "hold", items=[chain.epc(11)]).statement_id

        assert self.go(login(NOVAMED), said) == f"/ledger/statements/{said}"
        assert self.go(login(REGULATOR), said) == f"/ledger/statements/{said}"
        assert self.go(login(STELLA), said) == []

    @pytest.mark.parametrize("text", ["", " ", "' OR 1=1", "%", "\u202e", "x" * 5_000])
    def test_odd_texts_find_nothing_or_little(self, login, text):
        assert login(MARKT).get("/search", {"q": text}).status_code == 200

    def test_several_meanings_are_listed(self, chain, login):
        chain.commission(lot="S1K7q00", names=["Z1"])

        found = self.go(login(NOVAMED), "S1K7q00")

        assert len(found) == 2
        assert found[0] == f"/batches/{AMOXIL.gtin}/S1K7q00"
