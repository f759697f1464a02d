"""Registers catalog with Django."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What is traced: products (GTIN) and batches (GTIN and lot)."""

    name = "apps.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
