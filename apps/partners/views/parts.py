"""Parts that several pages pass to their templates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignPanel:
    """What stands on the signing button, and what the signature means."""

    label: str
    meaning: str
    review: str = ""
