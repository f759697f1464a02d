"""Page addresses that scripts of ours call with a JSON document."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase

from apps.edge.problems import Problem, answer

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]
_JSON = "application/json"


def json_only(view: _View[_P]) -> _View[_P]:
    """Refuse other types with 415: a form's body is gone once its token was read."""

    @functools.wraps(view)
    def guarded(
        request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs
    ) -> HttpResponseBase:
        if request.content_type == _JSON:
            return view(request, *args, **kwargs)
        got = request.content_type or ""
        members = {"field": "Content-Type", "got": got, "wanted": _JSON}
        detail = f"Content-Type: got {got or 'nothing'}; wanted {_JSON}."
        return answer(request, Problem(415, "unsupported_media_type", detail, members))

    return cast("_View[_P]", guarded)
