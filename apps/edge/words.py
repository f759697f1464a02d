"""What kinds of statements are called on pages."""

from typing import Final

from django.utils.translation import gettext_lazy as _

KINDS: Final = {
    "genesis": _("Opening of the ledger"),
    "event": _("Goods event"),
    "events": _("File of goods events"),
    "party.admit": _("Admission of a partner"),
    "party.licence": _("Licence"),
    "key.enrol": _("Enrolment of a key"),
    "key.revoke": _("End of a key"),
    "key.reattest": _("Re-attestation"),
    "product.register": _("Registration of a product"),
    "recall.open": _("Recall opened"),
    "recall.amend": _("Recall amended"),
    "recall.close": _("Recall closed"),
    "recall.answer": _("Answer to a recall"),
    "erasure": _("Erasure"),
}
