"""The job queue and the whole beat schedule.

Messages are wake-up calls only: what must be done stands in the database (apps.jobs),
so losing, repeating or delaying a message is harmless.
"""

import os

from celery import Celery
from celery.schedules import crontab
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

# Our channel in place of kombu's, whose messages can be read half written.
TRANSPORT_ALIASES["filesystem"] = "pharmatrace.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")

app = Celery("pharmatrace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,  # results are Job rows
    task_time_limit=600,  # seconds; below the broker's visibility timeout
    task_publish_retry=False,  # the outbox repeats, not the publisher
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    timezone="UTC",
)
app.autodiscover_tasks()

# What needs the keys of the log, or reads all that it wrote, has a queue of its own:
# on several hosts one worker takes it (`serve --only sequencer`), and no other one
# holds those keys. A worker that is told nothing takes both.
APART = "sequencer"
_ORDINARY = "celery"
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name) for name in (_ORDINARY, APART)
]
app.conf.task_default_queue = _ORDINARY
app.conf.task_routes = {
    name: {"queue": APART} for name in ("anchoring.*", "ledger.fsck_nightly")
}

# Seconds after which an undelivered tick is dropped: the next one does the same work.
_TICK_EXPIRES = 30

app.conf.beat_schedule = {
    "publish the outbox": {
        "task": "jobs.relay",
        "schedule": 1.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "sequence pending leaves": {
        "task": "anchoring.sequence",
        "schedule": 1.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "have the published head stamped": {
        "task": "anchoring.anchor",  # hourly a service, and its tries after a failure
        "schedule": 60.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "flag recall-affected batches": {
        "task": "recalls.sweep",
        "schedule": 10.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "take old bundles away": {
        "task": "recalls.sweep_bundles",
        "schedule": crontab(minute="41"),
        "options": {"expires": 1800},
    },
    "settle uploads": {
        "task": "intake.sweep",
        "schedule": 60.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "settle the packaging line": {
        "task": "packaging.sweep",
        "schedule": 60.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "close what can be signed no more": {
        "task": "partners.close_expired",
        "schedule": crontab(minute="23"),
        "options": {"expires": 1800},
    },
    "re-drive lost jobs": {
        "task": "jobs.sweep",
        "schedule": 10.0,
        "options": {"expires": _TICK_EXPIRES},
    },
    "check that no pack is lost or doubled": {
        "task": "custody.check_conservation",
        "schedule": crontab(hour="1", minute="37"),
        "options": {"expires": 6 * 3600},
    },
    "check every stored byte": {
        "task": "ledger.fsck_nightly",
        "schedule": crontab(hour="2", minute="17"),
        "options": {"expires": 6 * 3600},
    },
}
