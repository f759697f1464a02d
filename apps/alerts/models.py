"""What looks wrong: attempts that the law refused, and odd scans."""

from django.db import models

from apps.partners.models import TradingPartner


class Alert(models.Model):
    """One refused or odd act, with the facts that make it so."""

    kind = models.CharField(max_length=40)  # the refusal's code
    rule = models.CharField(max_length=40, default="", blank=True)
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT, null=True)
    gtin = models.CharField(max_length=14, default="", blank=True)
    lot = models.CharField(max_length=20, default="", blank=True)
    subject = models.CharField(max_length=200, default="", blank=True)
    summary = models.TextField()
    cause = models.CharField(max_length=64, unique=True)  # one alert a cause
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
