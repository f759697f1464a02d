"""compose.scale.yaml on loopback: its own commands and variables carry a site."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pharmatrace.demo.signing import Keyring
from tests.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from tests.exchange.wishes import product_wish
from tests.scale.composed import Composed, composed
from tests.scale.web import ROOT, Machine
from tests.site.serving import free_port, wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]
PACK = f"/api/v1/verify?code=(01){AMOXIL.gtin}(21)S000001"
LONG = 180  # seconds: ten processes begin at once


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Composed]:
    """Servers that are up, a database that is prepared."""
    with composed(tmp_path / "srv") as all_of_it:
        subprocess.run(
            all_of_it.site_command("prepare"), cwd=ROOT, check=True,
            env=all_of_it.environment("prepare"),
        )  # fmt: skip
        yield all_of_it


def _is_healthy(site: Composed, port: int) -> bool:
    """As the image asks it, on another port."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(r"HEALTHCHECK [^[]*(\[.*?\])\n", text.replace("\\\n", ""))
    assert found is not None
    _python, *words = json.loads(found.group(1))
    command = [sys.executable, *(word.replace(":8000", f":{port}") for word in words)]
    given = site.environment("web")
    ran = subprocess.run(command, capture_output=True, check=False, env=given)
    return ran.returncode == 0


def _smoke(site: Composed, keyring: Keyring) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.scale.opened", keyring.directory], cwd=ROOT,
        check=True, capture_output=True, env=site.environment("prepare"),
    )  # fmt: skip
    tokens = json.loads(ran.stdout)
    ports = [free_port(), free_port()]
    for port in ports:
        site.part("web", "--port", str(port), "--workers", "1")
    for name in ("jobs", "jobs", "sequencer", "beat"):
        site.part(name)
    one, two = (f"http://127.0.0.1:{port}" for port in ports)

    for port in ports:
        wait_for(lambda port=port: _is_healthy(site, port), within_seconds=LONG)
    maker, pharmacy, carrier = (
        Machine(two, tokens[who.gln], keyring.key_of(who), site="trace.example")
        for who in (NOVAMED, STELLA, TRANSPHARM)
    )
    wish = product_wish(7)
    identity = maker.at(one).act(wish)
    assert maker.ask(f"/api/v1/statements/{identity}").status == 200
    assert pharmacy.ask(PACK).json["verdict"] == "dispense"
    proof = f"/api/v1/statements/{identity}/proof"
    wait_for(lambda: maker.ask(proof).status == 200, within_seconds=LONG)
    products = "/api/v1/products"
    wait_for(
        lambda: carrier.ask(products).source.startswith("replica"), within_seconds=LONG
    )
    gtins = {row["gtin"] for row in carrier.ask(products).json["results"]}
    assert wish["gtin"] in gtins


if os.environ.get("FAULTS") == "all":

    def test_the_parts_work_by_their_own_commands_and_variables(site, keyring):
        _smoke(site, keyring)
