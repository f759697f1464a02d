"""Modules become one script that does the same, or are refused by name."""

import base64
import hashlib
import json
import subprocess

import pytest

from apps.edge.onefile import join_modules, join_styles, source_of
from tests.agreement.engine import find_node

A = """// what a does
import { two, three as drei } from "./b.js";
import {
  deep,
} from "./inner/c.js";

/** Doc. */
export const one = () => `${two}` + drei() + deep.name;

globalThis.said = one(); // kept
"""
B = """export const two = 2;
export function three() {
  // a comment
  return "drei";
}
"""
C = """import { two } from "../b.js";
export class deep {}
export async function later() { return two; }
"""


@pytest.fixture
def modules(tmp_path):
    def write(**texts):
        (tmp_path / "inner").mkdir(exist_ok=True)
        for name, text in texts.items():
            folder = tmp_path / "inner" if name == "c" else tmp_path
            (folder / f"{name}.js").write_text(text, encoding="utf-8")
        return tmp_path / "a.js"

    return write


def run(script):
    code = f"(async () => {{{script}}})(); console.log(JSON.stringify(globalThis.said))"
    done = subprocess.run(
        [find_node(), "-e", code], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_modules_do_together_what_they_did_apart(modules):
    script = join_modules(modules(a=A, b=B, c=C))

    assert run(script) == "2dreideep"
    assert script.count("two = 2") == 1
    assert "comment" not in script
    assert "Doc." not in script
    assert "// kept" in script


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('import b from "./b.js";\n', "no form that is known"),
        ('import * as b from "./b.js";\n', "no form that is known"),
        ('import "./b.js";\n', "no form that is known"),
        ("export default 1;\n", "no form that is known"),
        ("export { x };\n", "no form that is known"),
        ("export let x = 1;\n", "no form that is known"),
        ("const x = `a\nb`;\n", "several lines"),
        ('const x = "</script>";\n', "</script cannot stand"),
        ('const x = "<!-- x";\n', "<!-- cannot stand"),
        ('import { x } from "./a.js";\nexport const y = x;\n', "import each other"),
    ],
)
def test_what_could_change_its_meaning_is_refused(modules, text, says):
    with pytest.raises(RuntimeError, match=says):
        join_modules(modules(a=text, b=B))


def test_a_module_that_is_not_there_is_an_error_of_ours(modules):
    with pytest.raises(OSError, match=r"gone\.js"):
        join_modules(modules(a='import { x } from "./gone.js";\n'))


def test_styles_lose_comments_and_nothing_else(tmp_path):
    first, second = tmp_path / "1.css", tmp_path / "2.css"
    first.write_text("/* why */\na { color: red; }\n\n")
    second.write_text("@media print {\n  /* x\n y */ b { margin: 0; }\n}\n")

    assert join_styles([first, second]) == (
        "a { color: red; }\n@media print {\nb { margin: 0; }\n}\n"
    )
    first.write_text('a::after { content: "</style>"; }')
    with pytest.raises(RuntimeError, match="cannot stand"):
        join_styles([first])


def test_a_source_is_the_hash_of_the_text():
    digest = hashlib.sha256("é".encode()).digest()

    assert source_of("é") == f"'sha256-{base64.b64encode(digest).decode()}'"
