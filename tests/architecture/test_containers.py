"""Dockerfile and compose file: what can be known of them without an engine."""

import re
from typing import Any

import yaml
from django.core.management import get_commands

from tests.architecture.sources import ROOT
from tests.architecture.test_site import _variables


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_part_of_the_site_is_a_service():
    services = compose()["services"]
    commands = {name: service.get("command", []) for name, service in services.items()}

    assert set(services) == {"postgres", "redis", "prepare", "web", "worker", "beat"}
    for name in ("web", "worker", "beat"):
        assert commands[name][-1] == name or name in commands[name]
    used = {command[2] for command in commands.values() if "manage.py" in command}
    assert used == {"prepare", "serve"}
    assert used <= set(get_commands())


def test_the_containers_are_given_only_variables_that_are_read():
    given = compose()["services"]["web"]["environment"]

    assert set(given) - _variables() == set()


def _mounted(name: str) -> dict[str, str]:
    """What a service mounts, and where."""
    mounts = compose()["services"][name].get("volumes", [])
    return dict(mount.split(":")[:2] for mount in mounts)


def test_the_key_of_the_log_lies_only_where_the_sequencer_runs():
    given = compose()["services"]["web"]["environment"]

    assert given["LOG_KEY_DIR"] != given["SECRETS_DIR"]
    assert _mounted("worker")["log-key"] == given["LOG_KEY_DIR"]
    assert "log-key" not in _mounted("web")
    assert "lockstore" not in _mounted("web")
    assert _mounted("beat") == {}


def test_what_one_part_writes_for_another_lies_in_a_volume_of_both():
    given = compose()["services"]["web"]["environment"]

    for name in ("UPLOAD_DIR", "PACKAGING_DIR", "BUNDLE_DIR", "LOG_DIR"):
        assert given[name] in set(_mounted("web").values()), name
        assert given[name] in set(_mounted("worker").values()), name


def test_every_folder_that_is_mounted_belongs_to_the_user_of_the_image():
    services = compose()["services"]
    places = {
        place
        for name in ("prepare", "web", "worker")
        for place in _mounted(name).values()
    }

    assert {place for place in places if place not in dockerfile()} == set()
    volumes = {volume for name in services for volume in _mounted(name)}
    assert volumes == set(compose()["volumes"])


def test_servers_are_waited_for_until_they_are_well():
    services = compose()["services"]

    assert "healthcheck" in services["postgres"]
    assert "healthcheck" in services["redis"]
    for name in ("web", "worker", "beat"):
        waits = services[name]["depends_on"]
        assert waits["prepare"] == {"condition": "service_completed_successfully"}
        assert waits["redis"] == {"condition": "service_healthy"}


def test_the_image_runs_as_nobody_special_and_checks_its_health():
    last_stage = dockerfile().split("\nFROM ")[-1]

    assert "\nUSER trace\n" in last_stage
    check = last_stage.partition("HEALTHCHECK")[2]
    assert "SITE_URL" in check  # in production nobody is called localhost
    assert "ADD " not in dockerfile()


def test_everything_the_image_copies_exists_and_is_not_ignored():
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), re.MULTILINE)
    names = {name for names in copied for name in names.split()}

    assert {name for name in names if not (ROOT / name).exists()} == set()
    assert {name for name in names if f"!{name}" not in kept} == set()
