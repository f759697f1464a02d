"""compose.scale.yaml: what can be known of it without an engine, held to compose.yaml."""

from typing import Any

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.architecture.test_containers import compose, dockerfile
from tests.architecture.test_site import _variables

PARTS = ("web", "jobs", "sequencer", "beat")


def scaled() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.scale.yaml").read_text(encoding="utf-8"))


def mounted(name: str) -> dict[str, str]:
    mounts = scaled()["services"][name].get("volumes", [])
    return dict(mount.split(":")[:2] for mount in mounts)


def test_every_part_of_a_site_on_several_hosts_is_a_service():
    services = scaled()["services"]

    assert set(services) == {
        *("primary", "replica", "pgbouncer", "redis", "prepare"),
        *PARTS,
    }
    for name in PARTS:
        command = services[name]["command"]
        assert command[command.index("--only") + 1] == name


def test_only_what_may_run_twice_is_there_twice():
    services = scaled()["services"]
    many = {name for name in services if services[name].get("deploy")}

    assert many == {"web", "jobs"}
    assert {services[name]["deploy"]["replicas"] for name in many} == {2}


def test_the_containers_are_given_only_variables_that_are_read():
    services = scaled()["services"]
    given = {name for part in PARTS for name in services[part]["environment"]}

    assert given - _variables() == set()


def test_the_keys_of_the_log_lie_only_with_the_sequencer():
    assert "log-key" in mounted("sequencer")
    assert "lockstore" in mounted("sequencer")
    for name in ("web", "jobs", "beat"):
        assert {"log-key", "lockstore"}.isdisjoint(mounted(name))
    assert mounted("beat") == {}


def test_what_one_part_writes_for_another_lies_in_a_volume_of_both():
    for name in ("UPLOAD_DIR", "PACKAGING_DIR", "BUNDLE_DIR", "LOG_DIR"):
        given = scaled()["services"]["web"]["environment"][name]
        assert given in mounted("web").values()
        assert given in mounted("jobs").values()


def test_web_and_jobs_go_through_the_pool_and_long_readers_past_it():
    services = scaled()["services"]

    for name in ("web", "jobs", "beat"):
        given = services[name]["environment"]
        assert "@pgbouncer:6432/" in given["DATABASE_URL"]
        assert given["DATABASE_POOL_MODE"] == "transaction"
        assert "@replica/" in given["DATABASE_REPLICA_URL"]
    for name in ("prepare", "sequencer"):
        given = services[name]["environment"]
        assert "@primary/" in given["DATABASE_URL"]
        assert not given["DATABASE_POOL_MODE"]
        assert not given["DATABASE_REPLICA_URL"]
    assert services["pgbouncer"]["environment"]["POOL_MODE"] == "transaction"


def test_redis_throws_nothing_away():
    command = scaled()["services"]["redis"]["command"]

    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


@pytest.mark.parametrize("key", ["read_only", "cap_drop", "security_opt", "tmpfs"])
def test_the_parts_are_shut_in_as_on_one_host(key: str):
    wanted = compose()["services"]["web"][key]

    assert all(scaled()["services"][name][key] == wanted for name in PARTS)


def test_every_folder_that_is_mounted_belongs_to_the_user_of_the_image():
    names = ("prepare", *PARTS)
    places = {place for name in names for place in mounted(name).values()}

    assert {place for place in places if place not in dockerfile()} == set()
    servers = {"primary", "replica"}
    volumes = {volume for name in names for volume in mounted(name)} | servers
    assert volumes == set(scaled()["volumes"])


def test_no_secret_has_a_default():
    text = (ROOT / "compose.scale.yaml").read_text(encoding="utf-8")

    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "LEDGER_ORIGIN", "SITE_URL"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text
