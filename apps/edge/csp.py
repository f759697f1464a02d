"""Exceptions from the content security policy, by name, so that they are countable."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.constants import NONE, WASM_UNSAFE_EVAL
from csp.decorators import csp_replace, csp_update

_View = TypeVar("_View", bound=Callable[..., Any])


def allows_wasm(view: _View) -> _View:
    """Let the page compile WebAssembly: for the scan page and its decoder only.

    @allows_wasm
    def scan_page(request): ...
    """
    decorate: Any = csp_update({"script-src": [WASM_UNSAFE_EVAL]})
    return cast("_View", decorate(view))


def only_inline(*, script: str, style: str) -> Callable[[_View], _View]:
    """Let the page run and look like exactly these inline texts, and reach nothing.

    Args:
        script, style: sources of a policy, as `onefile.source_of` makes them.
    """
    decorate: Any = csp_replace(
        {
            **{name: [NONE] for name in _REACHING},
            "script-src": [script],
            "style-src": [style],
            "img-src": ["data:"],  # the icon of the page
        }
    )
    return cast("Callable[[_View], _View]", decorate)


_REACHING = (
    "default-src",
    "connect-src",
    "font-src",
    "media-src",
    "worker-src",
    "manifest-src",
    "form-action",
    "base-uri",
    "frame-ancestors",
    "object-src",
)
