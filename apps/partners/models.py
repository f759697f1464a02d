"""Who may speak: people, organisations, licences, keys and tokens.

Partners, licences and keys are views of signed party and key statements; people,
memberships, contacts and tokens are ordinary account data.
"""

import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


def new_signer_id() -> str:
    """A random id under which a person or system signs; it names nobody."""
    return secrets.token_hex(16)


class User(AbstractUser):
    """A person who logs in."""

    signer = models.CharField(max_length=64, unique=True, default=new_signer_id)
    language = models.CharField(max_length=5, default="", blank=True)


class LicenceRole(models.TextChoices):
    """What a licence lets a partner do; the law of custody reads it."""

    MANUFACTURER = "manufacturer", _("manufacturer")
    WHOLESALER = "wholesaler", _("wholesaler")
    PHARMACY = "pharmacy", _("pharmacy")
    HOSPITAL = "hospital", _("hospital")
    CARRIER = "carrier", _("carrier")
    REGULATOR = "regulator", _("regulator")
    OPERATOR = "operator", _("operator")


class TradingPartner(models.Model):
    """An organisation with a GLN (GS1 AI 417)."""

    gln = models.CharField(max_length=13, unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    tag = models.BinaryField(max_length=32)
    admitted_by = models.CharField(max_length=64)  # statement id
    role = models.CharField(  # shown role; "" until the first licence
        max_length=16, choices=LicenceRole.choices, default="", blank=True
    )
    address = models.TextField(default="", blank=True)
    contact_name = models.CharField(max_length=200, default="", blank=True)
    contact_email = models.EmailField(default="", blank=True)
    contact_phone = models.CharField(max_length=40, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.gln})"


class Site(models.Model):
    """A place with a GLN of its own (GS1 AI 414)."""

    partner = models.ForeignKey(
        TradingPartner, on_delete=models.PROTECT, related_name="sites"
    )
    gln = models.CharField(max_length=13, unique=True)
    name = models.CharField(max_length=200)


class Licence(models.Model):
    """What a partner is licensed for, by one party.licence statement.

    The latest statement for (partner, role) counts; earlier ones are history.
    """

    partner = models.ForeignKey(
        TradingPartner, on_delete=models.PROTECT, related_name="licences"
    )
    role = models.CharField(max_length=16, choices=LicenceRole.choices)
    gs1_prefixes = models.JSONField(default=list, blank=True)
    sites = models.JSONField(
        default=list, blank=True
    )  # GLNs; a partner has their union
    scope = models.JSONField(default=list)  # GTINs, or ["*"]
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField(null=True)
    is_suspended = models.BooleanField(default=False)
    statement_id = models.CharField(max_length=64)
    accepted_ms = models.BigIntegerField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["partner", "role"],
                condition=Q(is_current=True),
                name="licence_one_current",
            )
        ]


class MemberRole(models.TextChoices):
    """What a person or token may do within an organisation."""

    MEMBER = "member", _("member")
    SIGNER = "signer", _("signer")
    ADMIN = "admin", _("admin")

    @property
    def strength(self) -> int:
        """How much it may: each role may what the weaker ones may."""
        return list(MemberRole).index(self)


class Membership(models.Model):
    """A person's place in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    partner = models.ForeignKey(
        TradingPartner, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=8, choices=MemberRole.choices)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["user", "partner"], name="membership_once")
        ]


class Invitation(models.Model):
    """A place in an organisation that is offered; whoever accepts it gets the place.

    Until then there is neither a membership nor an account.
    """

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret, hex
    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE)
    username = models.CharField(max_length=150)  # the address, as people log in with it
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    role = models.CharField(max_length=8, choices=MemberRole.choices)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # accepted, or replaced by another


class SigningKey(models.Model):
    """A key that may sign for a partner, from its enrol to its revoke."""

    keyid = models.CharField(max_length=64, primary_key=True)
    spki = models.BinaryField()
    algorithm = models.CharField(max_length=24)
    partner = models.ForeignKey(
        TradingPartner, on_delete=models.PROTECT, related_name="keys"
    )
    signer = models.CharField(max_length=64)
    role = models.CharField(max_length=8, choices=MemberRole.choices)
    tag = models.BinaryField(max_length=32)
    enrolled_by = models.CharField(max_length=64)  # statement id
    enrolled_ms = models.BigIntegerField()
    revoked_by = models.CharField(max_length=64, default="", blank=True)
    revoked_ms = models.BigIntegerField(null=True)
    suspect_since_ms = models.BigIntegerField(null=True)
    is_genesis = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["partner"],
                condition=Q(suspect_since_ms__isnull=False),
                name="signingkey_suspect",
            )
        ]


class LentVoice(models.Model):
    """A delegation that a statement showed: whose voice a device key had, where, until.

    A projection: one row a delegation, however many statements its device key signs.
    """

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256(PAE), hex
    device_keyid = models.CharField(max_length=64, db_index=True)
    lender = models.ForeignKey(
        SigningKey, on_delete=models.PROTECT, related_name="lent_voices"
    )
    site = models.CharField(max_length=13)
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField()
    seen_in = models.CharField(max_length=64)  # id of the first statement


class Reattestation(models.Model):
    """A statement of a suspect key that its party says again, by one key.reattest."""

    statement_id = models.CharField(max_length=64)
    keyid = models.CharField(max_length=64)  # the suspect key
    said_in = models.CharField(max_length=64)  # id of the key.reattest
    accepted_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["statement_id", "keyid"], name="reattestation_once"
            )
        ]


class Shift(models.Model):
    """A voice lent to a device for some hours, as its person told the site.

    Account data: the ledger knows a delegation by the signatures that carry it. Once
    ended here, the door takes no more from the device key.
    """

    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    device_keyid = models.CharField(max_length=64, unique=True)
    lender_keyid = models.CharField(max_length=64)
    site = models.CharField(max_length=13)
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField()
    ended_at = models.DateTimeField(null=True)


class KeyRequest(models.Model):
    """A new key's own signature over its key.enrol, waiting for an administrator."""

    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    keyid = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80, default="", blank=True)
    credential_id = models.CharField(max_length=1_400, default="", blank=True)
    # The key that ends with the confirmation, and since when it is lost.
    replaces = models.CharField(max_length=64, default="", blank=True)
    lost_since = models.DateField(null=True)  # UTC day
    envelope = models.BinaryField()  # DSSE JSON with the new key's signature
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)


class Outcome(models.TextChoices):
    """How a proposal ended."""

    RECORDED = "recorded", _("recorded")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


class Proposal(models.Model):
    """A party statement that some of its signers have signed and others have not."""

    statement_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=24)
    about = models.CharField(max_length=13)  # GLN of the party it is about
    words = models.TextField()
    envelope = models.BinaryField()  # DSSE JSON with the signatures so far
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)  # proposed it
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(  # "" while it waits
        max_length=9, choices=Outcome.choices, default="", blank=True
    )


class ApiToken(models.Model):
    """A hashed token with which a machine speaks for one organisation."""

    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)  # SHA-256 of the secret, hex
    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)  # who made it
    role = models.CharField(max_length=8, choices=MemberRole.choices)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class ReadAudit(models.Model):
    """One read by a regulator, or one scan; what was asked, never the answer."""

    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE, null=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=400)
    outcome = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "-at"], name="audit_partner_at")]
