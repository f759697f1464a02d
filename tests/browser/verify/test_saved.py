"""From a saved file, without network: evidence in, a verdict in numbered steps out."""

import copy
import re

import pytest
from playwright.sync_api import expect

from apps.core.envelope import envelope_json
from tests.agreement.mutations import dumped
from tests.agreement.scenes import commissioning, late, quantum
from tests.browser.verify.conftest import written
from tests.core.outside import small_ledger as cast

SCENE = commissioning()
PROOF, RECEIPT = SCENE.documents


def give(page, *documents):
    """Choose files, as in the dialogue of the browser."""
    files = [
        {"name": f"{number}.json", "mimeType": "application/json", "buffer": data}
        for number, data in enumerate(map(dumped, documents))
    ]
    page.set_input_files("[data-files]", files)
    page.wait_for_selector("#verdict")


def verdict(page):
    return page.locator("#verdict span")


def step(page, number):
    return page.locator(f"li.step[value='{number}']")


def test_a_proof_and_a_receipt_hold(open_saved):
    page = open_saved()

    give(page, PROOF, RECEIPT)

    expect(verdict(page)).to_have_text("Holds")
    states = page.locator("li.step").evaluate_all(
        "all => all.map((each) => [each.value, each.className])"
    )
    assert states == [[n, "step is-go"] for n in [*range(2, 12)]]
    expect(step(page, 7)).to_contain_text("Entry 6.")
    expect(step(page, 11)).to_contain_text("Kept, for statement")
    expect(page.locator(".fresh").first).to_contain_text(
        "checkpoint of trace.example/log over 8 entries, cosigned by 1 of 1 witnesses"
    )
    expect(page.locator(".fresh li")).to_have_text(
        re.compile(r"regulator, 2026-03-02 09:00:00 UTC, .* ago")
    )
    expect(page.get_by_text("told the truth about the physical world")).to_be_visible()
    expect(page.locator("[data-status]")).to_have_text(
        "Holds: Every step was checked in this browser."
    )


def test_the_exact_bytes_are_folded_away(open_saved):
    page = open_saved()
    give(page, PROOF)

    page.get_by_text("What was signed, as text").click()

    signed = page.locator("details[open] pre")
    expect(signed).to_contain_text('{"at":"2026-03-02T09:00:00.000Z","body":{"action"')
    page.get_by_text("114 bytes in hex").click()
    expect(page.get_by_text(PROOF["leaves"][0]["leaf"])).to_be_visible()


@pytest.mark.parametrize(
    ("path", "value", "number", "code"),
    [
        (("leaves", 0, "salt"), "A" * 43 + "=", 5, "commitment_differs"),
        (("accepted_ms",), cast.AT + 1, 5, "commitment_differs"),
        (("envelope", "signatures", 0, "sig"), "A" * 86 + "==", 4, "bad_signature"),
        (("keys",), [], 4, None),
        (("format",), "pharmatrace-proof/v2", 1, "unknown_word"),
    ],
)
def test_a_lie_names_its_step(open_saved, path, value, number, code):
    lie = copy.deepcopy(PROOF)
    place = lie
    for each in path[:-1]:
        place = place[each]
    place[path[-1]] = value
    page = open_saved()

    give(page, lie)

    if code is None:  # without genesis the signer is nobody, which is no lie
        expect(verdict(page)).to_have_text("Holds in part")
        return
    expect(verdict(page)).to_have_text("Does not hold")
    expect(step(page, number)).to_have_class("step is-stop")
    expect(step(page, number)).to_contain_text(code)
    if number > 1:
        expect(step(page, number - 1)).to_have_class("step is-go")
        expect(step(page, number + 1)).to_contain_text("not reached")
    expect(page.locator("[data-report]")).to_contain_text(
        "Nothing that could be relied on"
    )


def test_what_was_got_and_wanted_is_said(open_saved):
    lie = copy.deepcopy(PROOF)
    lie["leaves"][0]["salt"] = "A" * 43 + "="
    page = open_saved()

    give(page, lie)

    failed = step(page, 5)
    expect(failed.locator("dd").nth(1)).to_have_text("leaves[0]")
    expect(failed.locator("dd").nth(2)).to_have_text(re.compile("^[0-9a-f]{64}$"))
    wanted = PROOF["leaves"][0]["leaf"][-64:]
    expect(failed.locator("dd").nth(3)).to_have_text(wanted)


def test_a_receipt_alone_is_a_promise_not_yet_shown(open_saved):
    page = open_saved(genesis_id="")

    give(page, RECEIPT)

    expect(verdict(page)).to_have_text("Holds in part")
    expect(step(page, 11)).to_contain_text("is promised, and no file here proves it")
    give(page, RECEIPT, PROOF)
    expect(step(page, 11)).to_contain_text("Kept")


def test_a_broken_promise_is_called_so(open_saved):
    other = cast.small_ledger().receipt("enrol")
    page = open_saved()
    lie = envelope_json(
        cast.build_receipt(
            ledger=cast.ORIGIN,
            statement_id=cast.statement_id(cast.small_ledger().said["commission"][0]),
            accepted_ms=cast.AT,
            commitments=[bytes(32)],
            key=cast.key("receipts"),
        )
    )

    give(page, PROOF, lie)

    expect(step(page, 11)).to_contain_text("promise_broken")
    expect(page.locator(".band")).to_contain_text("The promise was broken")
    assert other.payload != lie["payload"]


def test_a_statement_that_waited_asks_for_a_second_look(open_saved):
    scene = late()
    page = open_saved(genesis_id=scene.genesis_id)

    give(page, *scene.documents)

    # It was accepted at once in this story, only the run after it came late.
    expect(step(page, 10)).to_have_class(re.compile("is-think"))
    expect(verdict(page)).to_have_text("Holds in part")
    expect(step(page, 10)).to_contain_text("Late: accepted 2026-03-02 09:00:00 UTC")


def test_post_quantum_lines_are_checked_too(open_saved):
    scene = quantum()
    page = open_saved(genesis_id=scene.genesis_id, policy=scene.policy)

    give(page, *scene.documents)

    expect(verdict(page)).to_have_text("Holds")
    expect(page.locator(".fresh")).to_contain_text("cosigned by 2 of 3 witnesses")


def test_an_old_browser_is_told_so(open_saved):
    page = open_saved(script="delete globalThis.DecompressionStream;")

    expect(page.locator("[data-problem]")).to_contain_text("too old")
    expect(page.locator("[data-files]")).to_be_disabled()


def test_a_browser_without_ed25519_still_checks(open_saved):
    page = open_saved(
        script="""const plain = crypto.subtle.importKey;
        crypto.subtle.importKey = async function (form, key, algorithm, ...rest) {
          if (algorithm === "Ed25519") throw new DOMException("none", "NotSupportedError");
          return plain.call(this, form, key, algorithm, ...rest);
        };"""
    )

    give(page, PROOF)

    expect(verdict(page)).to_have_text("Holds")


def test_it_speaks_german(open_saved):
    page = open_saved("de")

    give(page, PROOF, RECEIPT)

    expect(verdict(page)).to_have_text("Stimmt")
    expect(step(page, 9)).to_contain_text("Zeugen sahen denselben Kontrollpunkt")
    expect(page.locator(".fresh li")).to_have_text(re.compile("^regulator, .*, vor .*"))
    said = page.locator("main").inner_text()
    assert not re.search(r"\b(the|checked|entry|witnesses)\b", said)
    assert "find-" not in said
    assert "{" not in said


def test_every_sentence_of_the_script_stands_in_the_page(open_saved, tmp_path):
    page = open_saved()
    script = written(tmp_path, "de", policy=b"", genesis_id="").read_text()

    names = set(re.findall(r'<p data-text="([^"]+)"', script))

    known = page.evaluate(
        "() => [...document.querySelector('template').content.children].map((e) => e.dataset.text)"
    )
    assert set(known) == names
    used = set(re.findall(r'finding\(\d+, "(\w+)"', script))
    used |= set(re.findall(r'"(\w+)" : "no_witness"', script))
    assert {f"find-{name}" for name in used} - names <= {"find-files"}
    assert len(used) > 20


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("is_lie", [False, True])
def test_it_is_accessible_and_never_wider_than_its_window(
    open_saved, assert_accessible, width, is_lie
):
    page = open_saved("de" if is_lie else "en")
    page.set_viewport_size({"width": width, "height": 800})
    assert_accessible(page)
    document = {**PROOF, "accepted_ms": cast.AT + 1} if is_lie else PROOF

    give(page, document, RECEIPT)

    for summary in page.locator("summary").all():
        summary.click()
    assert_accessible(page)
    wide = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(wide) <= 0


def test_it_works_by_keyboard_alone(open_saved):
    page = open_saved()
    page.locator("#verify-pasted").focus()
    page.keyboard.insert_text(dumped(PROOF).decode())

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(verdict(page)).to_have_text("Holds")
