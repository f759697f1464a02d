"""What is traced: products (GTIN) and production batches (GTIN and lot)."""

from django.db import models
from django.db.models import UniqueConstraint

from apps.partners.models import TradingPartner


class Product(models.Model):
    """A medicine in one pack size, by a product.register statement."""

    gtin = models.CharField(max_length=14, unique=True)
    name = models.CharField(max_length=200)
    strength = models.CharField(max_length=80, default="", blank=True)
    form = models.CharField(max_length=80, default="", blank=True)
    pack_size = models.CharField(max_length=80, default="", blank=True)
    brand_owner = models.ForeignKey(
        TradingPartner, on_delete=models.PROTECT, related_name="products"
    )
    tag = models.BinaryField(max_length=32)
    registered_by = models.CharField(max_length=64)  # statement id

    def __str__(self) -> str:
        return f"{self.name} {self.strength}".strip()


class Batch(models.Model):
    """A production batch: what left a maker under one lot number."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="batches"
    )
    lot = models.CharField(max_length=20)
    expiry_date = models.DateField()
    tag = models.BinaryField(max_length=32, unique=True)
    size = models.BigIntegerField()  # units commissioned so far
    commissioned_by = models.CharField(max_length=64)  # first statement id
    commissioned_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["product", "lot"], name="batch_product_lot")
        ]
