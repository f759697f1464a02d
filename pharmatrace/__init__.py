"""The site: settings, addresses, the job queue and the commands that see everything."""

from pharmatrace.celery import app as celery_app

__all__ = ["celery_app"]
