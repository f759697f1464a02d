"""What must still be done: job and outbox rows, the relay and the sweep behind Celery."""
