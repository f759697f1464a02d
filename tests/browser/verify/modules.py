"""The modules inside the page's one script, within reach of a test."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

from apps.exchange.views.verify import page_parts
from tests.agreement.engine import b64
from tests.agreement.judging import NOW_MS, POLICY, Answer, Question

_MODULE = re.compile(
    r"^const (m\d+) = \(\(\) => \{\n(.*?)^\}\)\(\);", re.DOTALL | re.MULTILINE
)
ASK = """async ({ inputs, policy, genesisId, nowMs }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const read = ({ name, data }) => ({ name, data: bytes(data) });
  const question = { inputs: inputs.map(read), policy: read(policy), genesisId, nowMs };
  const began = performance.now();
  const said = await globalThis.verifier.verifyFiles(question);
  const took = performance.now() - began;
  const findings = said.findings.map((f) => [f.step, f.text, f.isShown, f.isDoubtful]);
  const kept = ({ step, code, field, got, wanted }) => ({ step, code, field, got, wanted });
  return { took, findings, failure: said.failure && kept(said.failure) };
}"""


def expose(page: Page, *exports: str) -> None:
    """Run all modules but the page's own once more, and keep `exports` at hand."""
    script = str(page_parts().script)
    modules = list(_MODULE.finditer(script))
    body = script[: modules[-1].start()]
    names = {export: _name_of(modules, export) for export in exports}
    shown = ", ".join(f"{export}: {name}.{export}" for export, name in names.items())
    page.evaluate(f"() => {{ {body} globalThis.verifier = {{ {shown} }}; }}")


def _name_of(modules: list[re.Match[str]], export: str) -> str:
    for found in modules:
        returned = re.search(r"^return \{ (.*) \};\Z", found[2].strip(), re.MULTILINE)
        if returned and export in returned[1].split(", "):
            return found[1]
    raise LookupError(export)


def asked(question: Question) -> dict[str, Any]:
    """`question` as `ASK` takes it."""
    inputs = [
        {"name": str(number), "data": b64(data)}
        for number, data in enumerate(question.files)
    ]
    return {
        "inputs": inputs,
        "policy": {"name": POLICY, "data": b64(question.policy)},
        "genesisId": question.genesis_id,
        "nowMs": NOW_MS,
    }


def ask_page(page: Page, question: Question) -> Answer:
    """What the modules say in this browser; `expose(page, "verifyFiles")` first."""
    said = page.evaluate(ASK, asked(question))
    return Answer(said["findings"], said["failure"])
