"""The hand-held door: what was scanned, by whom, and what was answered."""

from django.db import models

from apps.partners.models import TradingPartner, User


class Scan(models.Model):
    """One verdict that was given; the raw code is kept for disputes."""

    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField()
    raw = models.CharField(max_length=400)
    gtin = models.CharField(max_length=14, default="", blank=True)
    lot = models.CharField(max_length=20, default="", blank=True)
    serial = models.CharField(max_length=20, default="", blank=True)
    verdict = models.CharField(max_length=8)
    code = models.CharField(max_length=40)

    class Meta:
        indexes = [models.Index(fields=["partner", "-at"], name="scan_partner_at")]
