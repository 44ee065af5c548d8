"""docker-compose.yml keeps to the local node's settings, to loopback ports, and to read-only containers."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.broker import DOCKER_IMAGE, docker_settings
from deploy.local.kafka.node import CHECKOUT
from deploy.local.programs import SERVICES, STORING, module_of
from deploy.local.stack import Stack
from deploy.topics import TopicSettings
from shared.config import KafkaSettings, ProcessSettings, file_variable_of, is_secret, variable_of

WHOLE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
COMPOSE, VOLUMES = WHOLE["services"], WHOLE["volumes"]
STORAGE = "/var/lib/careroute"
WATCHERS = {name: service for name, service in COMPOSE.items() if service.get("profiles") == ["watch"]}
BACKUP = COMPOSE["backup"]
OURS = {name: service for name, service in COMPOSE.items() if name != "kafka" and "profiles" not in service}


def elsewhere(settings: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if "LISTENERS" not in name and "QUORUM" not in name}


def test_kafka_has_the_same_settings_with_docker_and_without() -> None:
    assert COMPOSE["kafka"]["image"] == DOCKER_IMAGE
    assert elsewhere(COMPOSE["kafka"]["environment"]) == elsewhere(docker_settings(port=9092))


@pytest.mark.parametrize("service", [*OURS.values(), BACKUP], ids=[*OURS, "backup"])
def test_a_container_is_read_only_and_published_on_loopback_only(service: dict[str, Any]) -> None:
    """A variable without a value is as `.env` has it, and not there where that has none."""
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert all(value is None or isinstance(value, str) for value in service["environment"].values())


def test_no_two_containers_are_published_on_one_port() -> None:
    ports = Counter(port.rpartition(":")[0] for service in COMPOSE.values() for port in service.get("ports", []))
    assert set(ports.values()) == {1}, "whoever comes second is not started"


def test_the_head_names_what_has_to_be_there_before() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    head = text.partition("\n\n")[0]
    required = set(re.findall(r"\$\{(CAREROUTE_\w+):\?", text))
    files = set(re.findall(r"\$\{CAREROUTE_\w+:-\./(\w+\.toml)\}", text))
    assert "CAREROUTE_WATCH_URL" in required
    assert "probes.toml" in files
    assert {name for name in required | files if name not in head} == set()
    ignored = (CHECKOUT / ".gitignore").read_text().split()
    assert {"/agencies*.toml", "/agencies/", "/probes.toml"} <= set(ignored), "keys in the clear are never committed"


@pytest.mark.parametrize("service", OURS.values(), ids=OURS.keys())
def test_a_file_that_is_read_again_stands_in_a_directory_that_is_mounted(service: dict[str, Any]) -> None:
    """Most editors put a new file in the place of the old one, which a mount of that file goes on showing."""
    file = service["environment"].get("CAREROUTE_AGENCIES_FILE")
    mounted = {volume.removesuffix(":ro").rpartition(":")[2] for volume in service.get("volumes", [])}
    assert file is None or (file not in mounted and str(Path(file).parent) in mounted)


SETTINGS: dict[str, type[ProcessSettings]] = {
    "deploy.topics": TopicSettings,
    **{module_of(name): settings for name, settings in SERVICES.items()},
}


def test_every_service_has_as_many_containers_as_its_settings_say() -> None:
    counts = Counter(service["command"].removeprefix("python -m ") for service in OURS.values())
    counts.pop("deploy.topics")
    assert counts == {module_of(name): settings.processes for name, settings in SERVICES.items()}


@pytest.mark.parametrize("service", OURS.values(), ids=OURS.keys())
def test_a_container_has_every_setting_that_its_code_needs_and_no_other(service: dict[str, Any]) -> None:
    fields = SETTINGS[service["command"].removeprefix("python -m ")].model_fields
    given = {name.removeprefix("CAREROUTE_").lower() for name in service["environment"]}
    assert given <= fields.keys()
    assert {name for name, field in fields.items() if field.is_required()} <= given


FIXED = {
    "another Kafka than the one beside is spoken to": {name for name in KafkaSettings.model_fields if "_" in name},
    "one process of a service is its only one": {"instance"},
    "what is right on every machine": {
        "audit_budget_seconds",
        "audit_seconds",
        "beat_seconds",
        "connections",
        "console_answer_seconds",
        "console_command_expiry_seconds",
        "console_keep_closed_calls",
        "probe_limit_seconds",
        "probe_seconds",
        "probe_start_seconds",
        "requests_in_flight",
    },
    "one node has each topic once": {"replication", "kafka_principals"},
    "a place that no volume is for": {"console_sessions_file"},
    "for trials": {"planted_words"},
}
"""By reason, what of the settings nobody can set in `.env`."""


def test_all_that_an_agency_may_want_to_set_reaches_its_container() -> None:
    fixed = frozenset[str]().union(*FIXED.values())
    for name, service in OURS.items():
        given = {variable.removeprefix("CAREROUTE_").lower() for variable in service["environment"]}
        fields = SETTINGS[service["command"].removeprefix("python -m ")].model_fields.keys()
        assert (name, fields - given - fixed) == (name, set())


def test_a_backup_is_taken_by_who_asks_for_it_into_a_directory_outside_of_docker() -> None:
    told = (CHECKOUT / "deploy" / "DISASTER.md").read_text()
    assert BACKUP["profiles"] == ["backup"], "none is taken by the way"
    assert BACKUP["command"] == f"python -m deploy.backup take {STORAGE}"
    assert BACKUP["volumes"] == ["${CAREROUTE_BACKUP_DIRECTORY:-./backup}:" + STORAGE]
    assert BACKUP["environment"] == COMPOSE["topics"]["environment"]
    assert "docker compose run --rm backup" in told
    assert "/backup/" in (CHECKOUT / ".gitignore").read_text().split()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_into_a_volume_of_its_own_if_it_keeps_files_and_else_nowhere(name: str) -> None:
    for container in OURS.values():
        if container["command"] == f"python -m {module_of(name)}":
            writable = [volume for volume in container.get("volumes", []) if not volume.endswith(":ro")]
            storage = container["environment"].get("CAREROUTE_STORAGE_DIRECTORY")
            assert writable == ([f"{name}:{storage}"] if name in STORING else [])
            assert set(writable) <= {f"{volume}:{STORAGE}" for volume in VOLUMES}


@pytest.mark.parametrize("name", SERVICES)
def test_a_process_of_the_stack_is_told_what_its_code_needs_and_nothing_else(name: str) -> None:
    program = next(
        program
        for program in Stack(Path("x"), "kafka:9092", [], alarm_url="http://x").programs
        if program.service == name
    )
    fields = SERVICES[name].model_fields
    files = {file_variable_of(field): field for field, about in fields.items() if is_secret(about)}
    told = [key for key in program.environment if key.startswith("CAREROUTE_")]
    given = {files.get(key, key.removeprefix("CAREROUTE_").lower()) for key in told}
    assert given <= fields.keys()
    assert {field for field, about in fields.items() if about.is_required()} <= given
    assert not {variable_of(field) for field in files.values()} & set(told), "a secret is seen in the environment"


@pytest.mark.parametrize("service", OURS.values(), ids=OURS.keys())
def test_a_container_is_asked_for_its_health_where_it_answers(service: dict[str, Any]) -> None:
    port = service["environment"].get("CAREROUTE_PORT", service["environment"]["CAREROUTE_OPERATIONS_PORT"])
    asked = str(service["healthcheck"].get("test"))
    assert service["healthcheck"].get("disable") or f"127.0.0.1:{port}/readyz" in asked


def test_instances_of_a_service_have_names_of_their_own() -> None:
    names = [
        (service["command"], service["environment"]["CAREROUTE_INSTANCE"])
        for service in OURS.values()
        if "CAREROUTE_INSTANCE" in service["environment"]
    ]
    several = [settings.processes for settings in SERVICES.values() if settings.processes > 1]
    assert len(names) == len(set(names)) == sum(several)


# --- what watches, asked for by its profile

PASSWORDS = {
    "grafana": ("GF_SECURITY_ADMIN_PASSWORD", "CAREROUTE_GRAFANA_PASSWORD"),
    "postgres": ("POSTGRES_PASSWORD", "CAREROUTE_POSTGRES_PASSWORD"),
    "kafka-ui": ("SPRING_SECURITY_USER_PASSWORD", "CAREROUTE_KAFKA_UI_PASSWORD"),
}


def test_what_watches_is_started_only_when_asked_for() -> None:
    assert WATCHERS.keys() == {"prometheus", "alertmanager", *PASSWORDS}
    assert all(service["profiles"] == ["watch"] for service in WATCHERS.values())


@pytest.mark.parametrize("service", WATCHERS.values(), ids=WATCHERS.keys())
def test_what_watches_is_read_only_pinned_and_published_on_loopback_only(service: dict[str, Any]) -> None:
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert re.search(r":v?\d+(\.\d+)*$", service["image"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in VOLUMES or (volume.endswith(":ro") and (CHECKOUT / source).is_dir())


@pytest.mark.parametrize("asked", ["prober", "reporting"])
def test_the_console_is_told_where_those_are_whom_it_asks(asked: str) -> None:
    """Else it never says that test calls are missed, and shows no figure."""
    assert COMPOSE["console"]["environment"][f"CAREROUTE_{asked.upper()}_URL"] == f"http://{asked}:8000"


@pytest.mark.parametrize("name", PASSWORDS)
def test_no_password_has_a_default(name: str) -> None:
    """Compose reads the variables of every profile: one that it required would be required without the profile too."""
    variable, ours = PASSWORDS[name]
    assert WATCHERS[name]["environment"][variable] == f"${{{ours}:-}}"
    started = str(WATCHERS[name].get("entrypoint") or WATCHERS[name].get("command"))
    assert name == "postgres" or f"$${{{variable}:?set {ours} in .env}}" in started
    written = [value for service in WATCHERS.values() for value in service.get("environment", {}).items()]
    assert {key for key, _ in written if "PASSWORD" in key} == {key for key, _ in PASSWORDS.values()}


def test_nobody_is_let_into_grafana_unnamed_and_it_asks_nobody_outside() -> None:
    environment = COMPOSE["grafana"]["environment"]
    assert {name for name, value in environment.items() if value == "false"} == {
        "GF_AUTH_ANONYMOUS_ENABLED",
        "GF_USERS_ALLOW_SIGN_UP",
        "GF_PUBLIC_DASHBOARDS_ENABLED",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED",
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
    }


def test_the_kafka_ui_shows_no_value_and_changes_nothing() -> None:
    environment = COMPOSE["kafka-ui"]["environment"]
    assert environment["AUTH_TYPE"] == "LOGIN_FORM"
    assert environment["KAFKA_CLUSTERS_0_READONLY"] == "true"
    masking = {name: value for name, value in environment.items() if "MASKING" in name}
    assert masking == {
        "KAFKA_CLUSTERS_0_MASKING_0_TYPE": "REMOVE",  # of every field: no FIELDS are named
        "KAFKA_CLUSTERS_0_MASKING_0_TOPICVALUESPATTERN": ".*",
    }


def test_what_watches_is_found_where_the_others_look_for_it() -> None:
    prometheus = yaml.safe_load((CHECKOUT / "deploy/prometheus/prometheus.yml").read_text())
    (told,) = prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    (source,) = yaml.safe_load((CHECKOUT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert told == "alertmanager:9093"
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((CHECKOUT / "deploy/grafana/provisioning/dashboards/careroute.yml").read_text())[
        "providers"
    ]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in COMPOSE["grafana"]["volumes"]
    console = COMPOSE["console"]["environment"]
    assert console["CAREROUTE_REPORTING_URL"] == "http://reporting:8000"
    assert console["CAREROUTE_REPORTING_KEY"] == COMPOSE["reporting"]["environment"]["CAREROUTE_REPORTING_KEY"]
