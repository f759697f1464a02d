"""How the OpenAPI schema names things and says how callers log in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import BaseSerializer
from typing_extensions import override


class TraceSchema(AutoSchema):
    """Names components by app and class, so that nested `Input`s do not collide."""

    @override
    def get_serializer_name(
        self, serializer: BaseSerializer[Any], direction: str
    ) -> str:
        kind = type(serializer)
        parts = kind.__module__.split(".")
        app = parts[1].capitalize() if parts[0] == "apps" and parts[1] != "edge" else ""
        words = [
            word.removesuffix("View").removesuffix("Serializer")
            for word in kind.__qualname__.split(".")
        ]
        return app + "".join(words)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by subclass
    """Machines send `Authorization: Bearer <token>`."""

    target_class = "apps.partners.authentication.TokenAuthentication"
    name = "bearer"

    @override
    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}
