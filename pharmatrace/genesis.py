"""The first statement of a ledger: who operates it, who oversees it, which keys it has."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_noop

from apps.anchoring.clients.log_key import log_signers
from apps.core.bodies import Authority, Genesis
from apps.core.custody import LAW_VERSION
from apps.core.leaf import CONFIG_TAG
from apps.core.map import MAP_VERSION
from apps.core.signing import public_key_of
from apps.core.subjects import Subject
from apps.core.webauthn import WebauthnScope
from apps.edge.secrets import receipt_key
from apps.ledger.formats import Draft, new_statement
from pharmatrace.env import host_of


def draft_genesis(
    *, operator: Authority, authorities: tuple[Authority, ...], at: datetime
) -> Draft:
    """The genesis of this site's ledger, for the operator and every authority to sign.

    Origin and passkey scope come from the settings, receipt and log keys from the
    secrets directory; after genesis none of them can change.

    Raises:
        Unavailable: a secret is missing.
        MalformedInput: a GLN, name or origin that its field cannot hold.
    """
    body = Genesis(
        origin=settings.LEDGER_ORIGIN,
        operator=operator,
        authorities=authorities,
        receipt_keys=(public_key_of(receipt_key()),),
        log_vkeys=tuple(signer.verifier.format() for signer in log_signers()),
        webauthn=WebauthnScope(
            rp_id=host_of(settings.SITE_URL), origins=frozenset({settings.SITE_URL})
        ),
        law_version=LAW_VERSION,
        map_version=MAP_VERSION,
    )
    payload = new_statement(
        kind="genesis",
        by=operator.gln,
        signer=operator.keys[0].signer,
        meaning=gettext_noop("opens the ledger"),
        subjects=[Subject(CONFIG_TAG)],
        parents=[],
        body=body.to_json(),
        at=at,
        ledger=settings.LEDGER_ORIGIN,
    )
    names = ", ".join(authority.name for authority in authorities)
    words = f"{operator.name} opens the ledger {settings.LEDGER_ORIGIN} under {names}."
    return Draft(payload=payload, words=words)
