"""What the relay put into the broker, taken out by hand: run, lost, or kept for later."""

from collections.abc import Iterator
from typing import Any

from kombu.simple import SimpleQueue

from pharmatrace.celery import app

Call = tuple[str, dict[str, Any]]


def take_all() -> list[Call]:
    """Every message that waits, acknowledged: the name of its task and its arguments."""
    return list(_take())


def _take() -> Iterator[Call]:
    with app.connection_for_read() as connection:
        queue: SimpleQueue = connection.SimpleQueue(app.conf.task_default_queue)
        try:
            while True:
                message = queue.get(block=False)
                message.ack()
                _args, kwargs, _embed = message.payload
                yield message.headers["task"], kwargs
        except queue.Empty:
            return
        finally:
            queue.close()


def run(calls: list[Call]) -> list[dict[str, int]]:
    """Do what a worker does with these messages."""
    app.loader.import_default_modules()
    return [app.tasks[name](**kwargs) for name, kwargs in calls]
