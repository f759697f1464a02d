"""The services of compose.scale.yaml as processes of this machine.

Each runs by its own command, in its own environment; only where it listens, what it is
called by others and where it keeps its files is this machine's.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.embedded import (
    _await,
    _end,
    _home,
    _reachable,
    _unprivileged,
    find_postgresql,
    find_redis,
)
from tests.scale.servers import find_pgbouncer
from tests.scale.web import ROOT
from tests.site.serving import free_port

GIVEN = {
    "SITE_URL": "https://trace.example",
    "SECRET_KEY": "fifty random characters, the same on every host, 0123456789",
    "LEDGER_ORIGIN": "trace.example/log",
    "ALLOWED_HOSTS": "trace.example",
    "POSTGRES_PASSWORD": "a-word",
}
_ANYWHERE = "0.0.0.0"  # noqa: S104 - there, not here
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass
class Composed:
    """The file with its variables, and the ports of its services.

    Attributes:
        srv: what the containers know as /srv.
    """

    home: Path
    srv: Path
    stack: ExitStack
    file: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("primary", "replica", "pgbouncer", "redis")
        self.ports = {name: free_port() for name in names}
        text = (ROOT / "compose.scale.yaml").read_text(encoding="utf-8")
        self.file = self._here(yaml.safe_load(text))

    def _here(self, node: Any) -> Any:
        """The same with values for variables, and the addresses of this machine."""
        if isinstance(node, dict):
            return {name: self._here(value) for name, value in node.items()}
        if isinstance(node, list):
            return [self._here(value) for value in node]
        return (
            self._moved(_VARIABLE.sub(_value, node)) if isinstance(node, str) else node
        )

    def _moved(self, text: str) -> str:
        for name, port in self.ports.items():
            here = f"127.0.0.1:{port}"
            for said in (f"@{name}:6432/", f"@{name}/"):
                text = text.replace(said, f"@{here}/")
            text = text.replace(f"//{name}:6379/", f"//{here}/")
            text = text.replace(f"-h {name} ", f"-h 127.0.0.1 -p {port} ")
        return text.replace("/srv/", f"{self.srv}/")

    def command(self, name: str) -> list[str]:
        """As the engine hands it over."""
        command = self.file["services"][name]["command"]
        return [word.replace("$$", "$") for word in command]

    def environment(self, name: str) -> dict[str, str]:
        """What the service knows; what is in memory there lies in a folder here."""
        given = self.file["services"][name]["environment"]
        known = {key: str(value) for key, value in given.items()}
        for key in ("VAR_DIR", "SECRETS_DIR"):
            if not known.get(key, str(self.srv)).startswith(str(self.srv)):
                known[key] = f"{self.srv}/{name}-{key.lower()}"
        return {"PATH": os.environ["PATH"], "HOME": "/", "LANG": "C.UTF-8"} | known

    def part(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        """A part of the site, until the end."""
        log = self.stack.enter_context((self.home / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            [*self.site_command(name), *more], cwd=ROOT, stdout=log, stderr=log,
            env=self.environment(name),
        )  # fmt: skip
        self.stack.callback(_end, process, signal.SIGTERM)
        return process

    def site_command(self, name: str) -> list[str]:
        """The site's own Python runs it, on this machine's loopback only."""
        python, *words = self.command(name)
        assert python == "python"
        return [
            sys.executable,
            *(word.replace(_ANYWHERE, "127.0.0.1") for word in words),
        ]

    def server(self, name: str, command: list[Any], **environment: str) -> None:
        """A server that nobody special runs, until the end."""
        log_path = self.home / f"{name}.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                list(map(str, command)), cwd=self.home, stdout=log, stderr=log,
                start_new_session=True, env=_plain() | environment, **_unprivileged(),
            )  # fmt: skip
        self.stack.callback(_end, process, signal.SIGINT)
        port = self.ports[name]
        _await(
            process,
            lambda: _is_listening(port),
            lambda: log_path.read_text(errors="replace")[-800:],
        )


def _value(found: re.Match[str]) -> str:
    name, mark, rest = found.groups()
    if name in GIVEN:
        return GIVEN[name]
    assert mark == "-", f"{name} has no value"
    return rest or ""


def _plain() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/"}


def _is_listening(port: int) -> bool:
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    return wanted in Path("/proc/net/tcp").read_text()


@contextmanager
def composed(srv: Path) -> Iterator[Composed]:
    """The four servers, up; parts are started by the caller."""
    with ExitStack() as stack:
        home = stack.enter_context(_home("pt-all-"))
        all_of_it = Composed(home, srv, stack)
        tools = _start_primary(all_of_it)
        _start_replica(all_of_it, tools)
        _start_pool(all_of_it)
        redis = find_redis()
        assert redis is not None
        all_of_it.server(
            "redis",
            [
                *(_reachable(redis, home), *all_of_it.command("redis")[1:]),
                *("--bind", "127.0.0.1", "--port", all_of_it.ports["redis"]),
            ],
        )
        yield all_of_it


def _start_primary(site: Composed) -> Path:
    """As the image does it: initdb, the database, then the scripts of the first start."""
    binaries = find_postgresql()
    assert binaries is not None
    tools = _reachable(binaries / "initdb", site.home).parent
    given, data = site.file["services"]["primary"]["environment"], site.home / "one"
    word = site.home / "word"
    word.write_text(given["POSTGRES_PASSWORD"])
    word.chmod(0o644)

    def run(*command: Any, **more: str) -> None:
        subprocess.run(
            list(map(str, command)), check=True, capture_output=True, cwd=site.home,
            env=_plain() | more, **_unprivileged(),
        )  # fmt: skip

    run(
        *(tools / "initdb", "-D", data, "-U", given["POSTGRES_USER"]),
        *("--pwfile", word, "--auth-local=trust"),
        f"--auth-host={given['POSTGRES_HOST_AUTH_METHOD']}",
        *given["POSTGRES_INITDB_ARGS"].split(),
    )
    script = site.file["configs"]["replication"]["content"].replace("$$", "$")
    run("sh", "-c", script, PGDATA=str(data))
    command = [tools / "postgres", *site.command("primary")[1:], "-D", data]
    site.server("primary", [*command, *_here(site, "primary")])
    where = ["-h", site.home, "-p", site.ports["primary"]]
    run(tools / "createdb", *where, "-U", given["POSTGRES_USER"], given["POSTGRES_DB"])
    return tools


def _here(site: Composed, name: str) -> list[Any]:
    port = site.ports[name]
    return ["-p", port, "-k", site.home, "-c", "listen_addresses=127.0.0.1"]


def _start_replica(site: Composed, tools: Path) -> None:
    *shell, script = site.command("replica")
    here = " ".join(map(str, _here(site, "replica")))
    script = script.replace("exec postgres ", f"exec postgres {here} ")
    given = site.file["services"]["replica"]["environment"]
    site.server(
        "replica", [*shell, script], PGDATA=str(site.home / "two"),
        PATH=f"{tools}:{os.environ['PATH']}",
        POSTGRES_PASSWORD=given["POSTGRES_PASSWORD"],
    )  # fmt: skip


def _start_pool(site: Composed) -> None:
    """Its image writes the variables into a file of the same names."""
    binary = find_pgbouncer()
    assert binary is not None, "NO PGBOUNCER: apt-get install pgbouncer"
    given = dict(site.file["services"]["pgbouncer"]["environment"])
    found = re.fullmatch(
        r"postgres://(.*):(.*)@(.*):(\d+)/(.*)", given.pop("DATABASE_URL")
    )
    assert found is not None
    user, word, host, port, name = found.groups()
    given["LISTEN_PORT"] = site.ports["pgbouncer"]
    users, ini = site.home / "users", site.home / "pool.ini"
    users.write_text(f'"{user}" "{word}"\n')
    settings = {
        "listen_addr": "127.0.0.1", "unix_socket_dir": "", "auth_file": users,
        "ignore_startup_parameters": "extra_float_digits",
    }  # fmt: skip
    settings |= {key.lower(): value for key, value in given.items()}
    lines = [f"{key} = {value}" for key, value in settings.items()]
    base = f"{name} = host={host} port={port} auth_user={user}"
    ini.write_text("\n".join(["[databases]", base, "[pgbouncer]", *lines]) + "\n")
    for path in (users, ini):
        path.chmod(0o644)
    site.server("pgbouncer", [binary, ini])
