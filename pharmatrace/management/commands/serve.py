"""Everything with one command: web, worker, beat, the demo's witnesses."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from typing_extensions import override

from apps.anchoring.clients.log_key import log_signers
from apps.core.errors import MalformedInput
from pharmatrace.celery import APART
from pharmatrace.demo.witnesses import DemoWitness, prepare_witnesses
from pharmatrace.supervisor import Supervisor

_PARTS = ("web", "worker", "jobs", "sequencer", "beat")

_ONLY = (
    "run this part alone; worker is jobs and sequencer in one, and needs the log's keys"
)


class Command(BaseCommand):
    """Prepare the database and the static files, then serve."""

    help = (
        "Migrate, load the demo if it is wanted, then run the web server, the"
        " Celery worker and beat until Ctrl-C. --only runs one part (containers)."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="web processes")
        parser.add_argument("--only", choices=_PARTS, help=_ONLY)
        parser.add_argument(
            "--no-prepare",
            action="store_true",
            help="neither migrate nor collect static files nor load the demo",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if not options["no_prepare"]:
            call_command("prepare")
            call_command("collectstatic", verbosity=0, interactive=False)
        self.check(databases=["default"])  # refuses a database that forgets
        supervisor = Supervisor(say=self.stderr.write, folder=settings.BASE_DIR)
        witnesses = _demo_witnesses(**options)
        keys = [signer.verifier for signer in log_signers()] if witnesses else []
        for witness in witnesses:
            supervisor.add(f"witness {witness.name}", witness.command(keys))
        for name, command in _commands(**options).items():
            supervisor.add(name, command)
        self._announce(witnesses, **options)
        supervisor.run()

    def _announce(self, witnesses: list[DemoWitness], **options: Any) -> None:
        if options["only"] not in {None, "web"}:
            return
        vendor = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
        broker = settings.CELERY_BROKER_URL.partition(":")[0]
        seen = ", ".join(one.url for one in witnesses)
        self.stdout.write(
            f"PharmaTrace  {settings.SITE_URL}\n"
            f"  listening  http://{options['host']}:{options['port']}\n"
            f"  database   {vendor}, broker {broker}\n"
            f"  machines   {settings.SITE_URL}/api/v1/docs\n"
            f"  log        {settings.SITE_URL}/log/checkpoint\n"
            f"  policy     {settings.SITE_URL}/log/policy\n"
            + (f"  witnesses  {seen}\n" if seen else "")
            + "  Ctrl-C ends everything."
        )
        self.stdout.flush()  # into a file or pipe too, before the parts run on


def _demo_witnesses(**options: Any) -> list[DemoWitness]:
    """Only the demo, served whole, has witnesses of its own."""
    is_demo = settings.DEMO and not settings.WITNESS_POLICY_REQUIRED
    if not is_demo or options["only"] is not None:
        return []
    try:
        return prepare_witnesses(settings.WITNESS_POLICY)
    except MalformedInput as error:
        raise CommandError(f"{settings.WITNESS_POLICY}: {error}") from error


def _commands(**options: Any) -> dict[str, list[str]]:
    """The command of each part that is to run."""
    web = _web(options["host"], options["port"], options["workers"])
    only = options["only"]
    if only is None:
        return {"web": web, "jobs": [*_worker(), "--beat", *_schedule()]}
    return {
        only: {
            "web": web,
            "worker": _worker(),
            "jobs": [*_worker(), "--queues", "celery"],
            "sequencer": [*_worker(), "--queues", APART],
            "beat": [*_celery("beat"), *_schedule()],
        }[only]
    }


def _web(host: str, port: int, workers: int) -> list[str]:
    # One thread a worker: prepared statements and locks stay with one connection.
    # A signed file that packs a million packs is recorded in a minute where nothing
    # else is done, and a worker that is ended before takes all of it back.
    return [
        *(sys.executable, "-m", "gunicorn", "pharmatrace.wsgi"),
        *("--bind", f"{host}:{port}", "--workers", str(workers)),
        *("--worker-class", "sync", "--timeout", "300", "--max-requests", "20000"),
        *("--max-requests-jitter", "2000", "--log-level", "warning"),
        "--no-control-socket",
    ]


def _celery(part: str) -> list[str]:
    level = settings.LOG_LEVEL.lower()
    command = [sys.executable, "-m", "celery", "--app", "pharmatrace"]
    return [*command, "--quiet", part, "--loglevel", level]


def _worker() -> list[str]:
    is_embedded = settings.CELERY_BROKER_URL.startswith("filesystem:")
    pool = "threads" if is_embedded else "prefork"
    return [
        *_celery("worker"),
        *("--pool", pool, "--concurrency", "2"),
        *("--without-gossip", "--without-mingle"),
    ]


def _schedule() -> list[str]:
    return ["--schedule", str(settings.VAR_DIR / "beat-schedule")]
