"""Exceptions from the content security policy, by name, so that they are countable."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update

_View = TypeVar("_View", bound=Callable[..., Any])


def allows_wasm(view: _View) -> _View:
    """Let the page compile WebAssembly: for the scan page and its decoder only.

    @allows_wasm
    def scan_page(request): ...
    """
    decorate: Any = csp_update({"script-src": [WASM_UNSAFE_EVAL]})
    return cast("_View", decorate(view))
