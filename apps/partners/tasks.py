"""What partners does by itself: closing what can be signed no more."""

from celery import shared_task
from django.utils import timezone

from apps.partners import operations


@shared_task(name="partners.close_expired", time_limit=100)
def close_expired() -> dict[str, int]:
    """Close expired requests for keys and proposals; doing it again finds none."""
    return {"closed": operations.close_expired(at=timezone.now())}
