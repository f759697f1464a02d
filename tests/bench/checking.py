"""How long the page takes to check evidence, in Chromium, beside Python on this machine.

    python -m tests.bench.checking [--rounds 15]

Each round opens the saved page anew, as somebody does who checks one thing: what is
measured first is cold. Then the same again, warm; and the command in this process.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.agreement.judging import Question

COLD_MS = 50  # a proof code, on an idle machine


def main() -> int:
    """Print the medians; 1 where there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import _use_a_node_that_runs, find_chromium

    executable = find_chromium()
    if executable is None:
        print("no Chromium on this machine: nothing to measure")
        return 1
    _use_a_node_that_runs()
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*as_root, "--disable-dev-shm-usage"]
        )
        for name, question in _questions():
            print(_line(name, question, browser, Path(folder), rounds))
        browser.close()
    return 0


def _questions() -> Iterator[tuple[str, Question]]:
    from tests.agreement.codes import plain_code
    from tests.agreement.scenes import commissioning

    yield "a proof and its receipt", commissioning().question()
    yield f"a proof code (to be below {COLD_MS} ms)", plain_code()


def _line(
    name: str, question: Question, browser: Browser, folder: Path, rounds: int
) -> str:
    from tests.agreement.judging import ask_python

    cold, warm, python = [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        assert ask_python(question).failure is None
        python.append((time.perf_counter() - began) * 1_000)
        page = _open(browser, folder)
        cold.append(_took(page, question))
        warm.append(median(_took(page, question) for _ in range(5)))
        page.close()
    return (
        f"{name}: cold {median(cold):.1f} ms (least {min(cold):.1f}), warm {median(warm):.1f} ms,"
        f" Python {median(python):.1f} ms, ratio {median(cold) / median(python):.2f},"
        f" {rounds} rounds"
    )


def _open(browser: Browser, folder: Path) -> Page:
    from tests.browser.verify.conftest import written
    from tests.browser.verify.modules import expose

    path = written(folder, "en", policy=b"", genesis_id="")
    page = browser.new_page()
    page.goto(path.as_uri())
    expose(page, "verifyFiles")
    return page


def _took(page: Page, question: Question) -> float:
    from tests.browser.verify.modules import ASK, asked

    said = page.evaluate(ASK, asked(question))
    assert said["failure"] is None, said["failure"]
    return float(said["took"])


if __name__ == "__main__":
    sys.exit(main())
