"""The settings of reporting are checked when it starts."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.reporting.config import ReportingSettings
from services.reporting.process import database_of, run
from services.reporting.store.engine import open_engine
from services.reporting.store.lock import LOCK_NAME, locked
from shared.engine.process import EXIT_FAILED


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name, value in {"KAFKA": "localhost:1", "STORAGE_DIRECTORY": str(tmp_path), "REPORTING_KEY": "k" * 32}.items():
        monkeypatch.setenv(f"CAREROUTE_{name}", value)
    return monkeypatch


@pytest.mark.parametrize("url", [None, ""])
def test_without_an_address_the_store_is_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, url: str | None
) -> None:
    if url is not None:
        environment.setenv("CAREROUTE_REPORTING_DATABASE_URL", url)
    assert database_of(ReportingSettings.load()) == f"sqlite+aiosqlite:///{tmp_path}/reporting.sqlite"


def test_an_address_of_postgresql_is_taken_and_told_to_nobody(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CAREROUTE_REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@host/db")
    settings = ReportingSettings.load()
    assert database_of(settings) == "postgresql+asyncpg://me:secret@host/db"
    assert "secret" not in repr(settings)
    assert isinstance(settings.reporting_key, SecretStr)


@pytest.mark.parametrize("rest", ["host/db?ssl=require", "host:5433/db", "[::1]:5432/db", "/db?host=/run/postgresql"])
def test_so_is_one_with_what_the_driver_knows(environment: pytest.MonkeyPatch, rest: str) -> None:
    url = f"postgresql+asyncpg://me:a%40b%2Fc@{rest}"
    environment.setenv("CAREROUTE_REPORTING_DATABASE_URL", url)
    assert open_engine(database_of(ReportingSettings.load())).url.password == "a@b/c"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPORTING_DATABASE_URL", "mysql://me:secret@host/db"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@host"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:the@secret@host/db"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@host:5432x/db"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@host:99999/db"),
        ("REPORTING_DATABASE_URL", "postgresql+asyncpg://me:secret@host/db?sslmode=require"),
        ("REPORTING_KEY", "short"),
        ("REPORTING_DISTRICT_GROUPS", "/nowhere/groups.toml"),
    ],
)
def test_a_wrong_one_ends_the_process_with_its_name(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    environment.setenv(f"CAREROUTE_{name}", value)
    with pytest.raises(SystemExit) as ended:
        ReportingSettings.load()
    told = capsys.readouterr().err
    assert (ended.value.code, f"CAREROUTE_{name}" in told, "secret" in told) == (78, True, False)


def test_groups_of_districts_come_from_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "groups.toml").write_text('[harbor]\nwaterside = ["pier"]\n', "utf-8")
    environment.setenv("CAREROUTE_REPORTING_DISTRICT_GROUPS", str(tmp_path / "groups.toml"))
    assert ReportingSettings.load().reporting_district_groups == {"harbor": {"pier": "waterside"}}
    environment.setenv("CAREROUTE_REPORTING_DISTRICT_GROUPS", "")
    assert ReportingSettings.load().reporting_district_groups == {}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("why", ["nothing can be written into", "another process has the store in"])
def test_a_directory_that_cannot_be_had_is_told_in_a_line(
    tmp_path: Path, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if why.startswith("nothing"):
        (tmp_path / LOCK_NAME).mkdir()  # whoever runs this may write anywhere
    with ExitStack() as others:
        if why.startswith("another"):
            others.enter_context(locked(tmp_path))
        with pytest.raises(SystemExit) as ended:
            run(ReportingSettings.load())
    assert ended.value.code == EXIT_FAILED
    assert capsys.readouterr().err.startswith(f"CAREROUTE_STORAGE_DIRECTORY: {why} {tmp_path}")
