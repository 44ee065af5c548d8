"""Settings: secrets from files, and a way to Kafka on which nobody else reads or writes."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import SecretStr, ValidationError

from deploy.local.kafka.certificates import Authority
from deploy.local.kafka.node import CHECKOUT
from deploy.local.programs import SERVICES
from deploy.redecide import RedecideSettings
from deploy.topics import TopicSettings
from services.console.config import CommandLineSettings, ExaminerSettings, WatchSettings
from services.triage.config import TriageSettings
from shared.config import Environment, file_variable_of, is_secret, variable_of
from shared.private_file import write_private
from shared.sealing import new_key

KEY = new_key()
REFUSED = object()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("CAREROUTE_SEALING_KEY", KEY)
    monkeypatch.setenv("CAREROUTE_KAFKA", "127.0.0.1:9092")
    return monkeypatch


def refused(capsys: pytest.CaptureFixture[str], settings: type[Environment] = TriageSettings) -> str:
    with pytest.raises(SystemExit) as ended:
        settings.load()
    assert ended.value.code == 78
    return capsys.readouterr().err


def test_a_file_that_this_process_may_not_read_is_named_with_its_user(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It said "PermissionError": nobody knew as whom the process runs."""

    def read_text(_path: Path, _encoding: str) -> str:
        raise PermissionError

    environment.setattr(Path, "read_text", read_text)
    environment.setenv("CAREROUTE_KAFKA_PASSWORD_FILE", str(tmp_path / "password"))
    assert f"cannot be read: user {os.geteuid()}, as whom this process runs, may not" in refused(capsys)


@pytest.mark.parametrize(("mode", "who"), [(0o644, "all"), (0o666, "all"), (0o640, "group"), (0o600, "owner")])
def test_a_secret_that_everybody_may_read_is_told_of(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: int, who: str
) -> None:
    """It was taken without a word."""
    environment.delenv("CAREROUTE_SEALING_KEY")
    with TemporaryDirectory() as directory:
        file = Path(directory, "key")
        file.write_text(KEY)
        file.chmod(mode)
        environment.setenv("CAREROUTE_SEALING_KEY_FILE", str(file))
        for open_directory in (False, True):
            Path(directory).chmod(0o755 if open_directory else 0o700)
            assert TriageSettings.load().sealing_key.get_secret_value() == KEY
            told = f"CAREROUTE_SEALING_KEY_FILE: every user of this machine may read {file}: `chmod o= {file}`\n"
            assert capsys.readouterr().err == (told if who == "all" and open_directory else "")


def test_a_secret_may_stand_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, f"{KEY}\n")
    environment.delenv("CAREROUTE_SEALING_KEY")
    environment.setenv("CAREROUTE_SEALING_KEY_FILE", str(file))
    assert TriageSettings.load().sealing_key.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read: FileNotFoundError"), (b"", "is empty"), (b"\xff", "cannot be read: UnicodeDecodeError")],
)
def test_a_file_that_holds_no_secret_is_named(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes | None,
    words: str,
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    environment.delenv("CAREROUTE_SEALING_KEY")
    environment.setenv("CAREROUTE_SEALING_KEY_FILE", str(tmp_path / "key"))
    told = refused(capsys)
    assert f"CAREROUTE_SEALING_KEY_FILE: {tmp_path / 'key'} {words}" in told


def test_a_secret_said_twice_is_refused(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_private(tmp_path / "key", new_key())
    environment.setenv("CAREROUTE_SEALING_KEY_FILE", str(tmp_path / "key"))
    told = refused(capsys)
    assert "CAREROUTE_SEALING_KEY and CAREROUTE_SEALING_KEY_FILE are both set" in told
    assert KEY not in told


@pytest.mark.parametrize("service", SERVICES)
def test_a_setting_that_is_empty_is_left_out_or_refused(
    environment: pytest.MonkeyPatch, tmp_path: Path, service: str
) -> None:
    """`CAREROUTE_HOST=` had a door listen everywhere, `CAREROUTE_CONSOLE_SESSIONS_FILE=` let nobody sign in."""
    kind = SERVICES[service]
    for name, field in kind.model_fields.items():
        if field.is_required():
            url = "https://city.example" if name.endswith("_url") else str(tmp_path)
            environment.setenv(variable_of(name), KEY if is_secret(field) else url)
    left_out = kind()
    for name, field in kind.model_fields.items():
        if not field.is_required():
            environment.setenv(variable_of(name), "")
            try:
                given = getattr(kind(), name)
            except ValidationError:
                given = REFUSED
            assert given in (getattr(left_out, name), REFUSED), name
            environment.delenv(variable_of(name))


def test_a_missing_secret_is_asked_for_with_its_file(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("CAREROUTE_SEALING_KEY")
    assert "CAREROUTE_SEALING_KEY_FILE" in refused(capsys)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("CAREROUTE_LINK_SECRET", "short", "must have 32 or more characters (makes the links on pages"),
        ("CAREROUTE_SEALING_KEY", "", "has 0 bytes and needs 32: give it the whole key"),
        ("CAREROUTE_PARTITIONS", "0", "must be at least 1 ("),
        ("CAREROUTE_KAFKA", "", "must have 1 or more characters (bootstrap servers"),
    ],
)
def test_what_a_setting_lacks_is_said_in_words(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, line: str
) -> None:
    environment.setenv(name, value)
    told = refused(capsys, SERVICES["notification"]).splitlines()
    assert [said for said in told if said.startswith(f"{name}: {line}")], told


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("link_secret", "0" * 40 + "\n", "0" * 40),
        ("pocket_url", "https://pocket.city.example\r", "https://pocket.city.example"),
        ("webhook_networks", "10.1.0.0/16, fd00::/8 ", (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))),
    ],
)
def test_a_blank_or_a_line_end_around_a_setting_is_none_of_it(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str, given: str, taken: object
) -> None:
    """From a list that Windows wrote, or a secret made by `echo`: links on pages led nowhere."""
    environment.setenv("CAREROUTE_AUDIT_KEYS", new_key())
    environment.setenv("CAREROUTE_AGENCIES_FILE", str(tmp_path))
    environment.setenv("CAREROUTE_LINK_SECRET", "1" * 40)
    environment.setenv("CAREROUTE_POCKET_URL", "https://city.example")
    environment.setenv(variable_of(name), given)
    value = getattr(SERVICES["notification"].load(), name)
    assert (value.get_secret_value() if isinstance(value, SecretStr) else value) == taken


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("CAREROUTE_PARTITION", "CAREROUTE_PARTITIONS"),
        ("CAREROUTE_KAKFA_CA_FILE", "CAREROUTE_KAFKA_CA_FILE"),
        ("CAREROUTE_SECOND_SEALING_KEYS_FILE", "CAREROUTE_SECOND_SEALING_KEY_FILE"),
        ("CARE_ROUTE_KAFKA_UNSECURED", "CAREROUTE_KAFKA_UNSECURED"),
    ],
)
def test_a_misspelt_name_is_refused_and_what_is_meant_is_told(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, meant: str
) -> None:
    """It was left out, and nobody knew: four partitions where twelve were meant."""
    environment.setenv(given, "12")
    assert refused(capsys) == f"{given}: is no setting; did you mean {meant}?\n"


def test_no_setting_looks_like_another_one_misspelt(environment: pytest.MonkeyPatch) -> None:
    """On Kubernetes each process is given those of all; with Docker Compose they stand in one file with passwords."""
    settings: tuple[type[Environment], ...] = (
        *SERVICES.values(),
        TopicSettings,
        RedecideSettings,
        ExaminerSettings,
        WatchSettings,
        CommandLineSettings,
    )
    compose = re.findall(r"\$\{(CAREROUTE_\w+)", (CHECKOUT / "docker-compose.yml").read_text("utf-8"))
    for name in {*compose, *(name for kind in settings for name in kind.variables())}:
        environment.setenv(name, "")
    for kind in settings:
        assert kind.misspelt() == [], kind


@pytest.mark.parametrize("region", ["ZZ", "us", "USA"])
def test_a_region_without_telephone_numbers_is_refused(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], region: str
) -> None:
    environment.setenv("CAREROUTE_PHONE_REGION", region)
    assert "CAREROUTE_PHONE_REGION: must be a region whose telephone numbers are known" in refused(
        capsys, SERVICES["console"]
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_of_every_service_may_stand_in_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Of whatever kind its field is: what the file holds comes to be looked at."""
    settings = SERVICES[name]
    for field in (field for field, about in settings.model_fields.items() if "SecretStr" in str(about.annotation)):
        with environment.context() as only:
            only.delenv(f"CAREROUTE_{field.upper()}", raising=False)
            only.setenv(file_variable_of(field), str(tmp_path / "none"))
            with pytest.raises(ValueError, match=f"{file_variable_of(field)}: .* cannot be read"):
                settings()


# --- the way to Kafka


@pytest.mark.parametrize("servers", ["127.0.0.1:9092", "localhost:1,[::1]:2"])
def test_on_this_machine_nothing_is_asked_for(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], servers: str
) -> None:
    environment.setenv("CAREROUTE_KAFKA", servers)
    assert not TriageSettings.load().connection.secured
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("servers", ["localhost", "localhost:x", ":9092", "127.0.0.1:9092,", "kafka:9092 other:9092"])
def test_what_is_no_host_and_port_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], servers: str
) -> None:
    environment.setenv("CAREROUTE_KAFKA", servers)
    told = refused(capsys)
    assert (told.startswith("CAREROUTE_KAFKA: "), "is no host:port" in told) == (True, True), told


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("CAREROUTE_WEBHOOK_NETWORKS", "10.1.0.0/16,10.2.1.1/16", "1: 10.2.1.1/16 has host bits set ("),
        (
            "CAREROUTE_WEBHOOK_NETWORKS",
            "city",
            "0: 'city' does not appear to be an IPv4 or IPv6 network (",
        ),
        ("CAREROUTE_CARD_NUMBERS", "madison=6085550100", "madison, 0: must be a number such as "),
        ("CAREROUTE_OIDC_HOSTS", "id.example,https://x", "1: must match ^[a-z0-9.-]+"),
    ],
)
def test_what_is_wrong_within_a_setting_is_told_by_its_own_name(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, line: str
) -> None:
    environment.setenv(name, value)
    settings = next(kind for kind in SERVICES.values() if name.removeprefix("CAREROUTE_").lower() in kind.model_fields)
    lines = [told for told in refused(capsys, settings).splitlines() if "is missing" not in told]
    assert lines[0].startswith(f"{name}, {line}"), lines
    assert all(told.startswith(f"{name}, ") for told in lines), lines


@pytest.mark.parametrize("servers", ["kafka:9092", "127.0.0.1:9092,10.1.1.1:9092", "localhost.example:1"])
def test_another_machine_is_not_spoken_to_in_the_open_unless_that_is_allowed_and_then_aloud(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], servers: str
) -> None:
    environment.setenv("CAREROUTE_KAFKA", servers)
    told = refused(capsys)
    assert f"{servers} is not this machine" in told
    assert "CAREROUTE_KAFKA_CA_FILE" in told
    environment.setenv("CAREROUTE_KAFKA_UNSECURED", "allowed")
    TriageSettings.load()
    assert f"{servers} is not this machine" in capsys.readouterr().err


def test_tls_alone_does_not_say_who_we_are(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_private(tmp_path / "ca.pem", Authority().pem)
    environment.setenv("CAREROUTE_KAFKA", "kafka:9092")
    environment.setenv("CAREROUTE_KAFKA_CA_FILE", str(tmp_path / "ca.pem"))
    assert "does not know who this process is" in refused(capsys)
    environment.setenv("CAREROUTE_KAFKA_USER", "triage")
    environment.setenv("CAREROUTE_KAFKA_PASSWORD", "a password")
    settings = TriageSettings.load()
    assert settings.connection.secured
    assert "a password" not in repr(settings) + repr(settings.connection)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"USER": "triage"}, "CAREROUTE_KAFKA_USER and CAREROUTE_KAFKA_PASSWORD"),
        ({"PASSWORD": "x"}, "CAREROUTE_KAFKA_USER and CAREROUTE_KAFKA_PASSWORD"),
        ({"USER": "triage", "PASSWORD": "x"}, "CAREROUTE_KAFKA_CA_FILE is needed"),
        ({"CERTIFICATE_FILE": "x"}, "belong together"),
        ({"CA_FILE": "nowhere.pem"}, "cannot be read"),
    ],
)
def test_half_of_what_is_needed_is_refused(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str], words: str
) -> None:
    for name, value in given.items():
        environment.setenv(f"CAREROUTE_KAFKA_{name}", value)
    assert words in refused(capsys)


def test_a_key_of_another_certificate_is_refused(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    authority = Authority()
    write_private(tmp_path / "ca.pem", authority.pem)
    one, other = (authority.issue(tmp_path / name, name) for name in ("one", "other"))
    environment.setenv("CAREROUTE_KAFKA_CA_FILE", str(tmp_path / "ca.pem"))
    environment.setenv("CAREROUTE_KAFKA_CERTIFICATE_FILE", str(one.certificate))
    environment.setenv("CAREROUTE_KAFKA_KEY_FILE", str(other.key))
    assert "do not belong together" in refused(capsys)
