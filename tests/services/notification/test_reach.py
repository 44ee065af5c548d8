"""What web push and mail are set up with is looked at when the process starts, not when the first call waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notification.reach import ReachSettings

KEY = "A" * 43


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ReachSettings.model_fields:
        monkeypatch.delenv(f"CAREROUTE_{name.upper()}", raising=False)


def faults(**settings: object) -> list[str]:
    try:
        ReachSettings(**settings)  # type: ignore[arg-type]
    except ValidationError as error:
        return [str(fault["loc"][0]) for fault in error.errors()]
    return []


@pytest.mark.parametrize("contact", ["mailto:ops@madison.gov", "https://madison.gov/careroute", "mailto:a.b+c@x.co.uk"])
def test_a_contact_that_exists_is_taken(contact: str) -> None:
    assert faults(push_key=KEY, push_contact=contact) == []


@pytest.mark.scenario("failures")
@pytest.mark.parametrize(
    "contact",
    [
        "",
        "mailto:x@localhost",
        "mailto:x@mail.localhost",
        "mailto:x@host.local",
        "mailto:x@city.example",
        "mailto:x@10.0.0.1",
        "mailto:x",
        "mailto:@city.gov",
        "ops@madison.gov",
        "http://madison.gov",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://intranet/x",
        "https://",
    ],
)
def test_a_contact_that_apple_would_refuse_ends_the_start(contact: str) -> None:
    """Every test passes with such a one, and then no iPhone rings."""
    assert faults(push_key=KEY, push_contact=contact) == ["push_contact"]


def test_nothing_set_is_nothing_wrong() -> None:
    assert faults() == []


@pytest.mark.parametrize("key", ["short", "A" * 44, "A" * 42 + "!", "A" * 42 + "="])
def test_a_key_is_one_of_ours(key: str) -> None:
    assert "push_key" in faults(push_key=key, push_contact="mailto:ops@madison.gov")


def test_mail_is_sealed_on_the_way_unless_the_server_is_here(tmp_path: Path) -> None:
    mail = {"mail_host": "mail.madison.gov", "mail_from": "careroute@madison.gov"}
    assert faults(**mail) == []
    assert faults(**mail, mail_tls="none") == ["mail_tls"]
    for host in ("127.0.0.1", "localhost", "::1"):
        assert faults(mail_host=host, mail_from="careroute@madison.gov", mail_tls="none") == []
    assert faults(mail_host="mail.madison.gov") == ["mail_from"]
    assert faults(**mail, mail_user="careroute") == ["mail_password_file"]
    assert faults(**mail, mail_password_file=tmp_path) == ["mail_password_file"]
    assert faults(**mail, mail_user="careroute", mail_password_file=tmp_path / "password") == []


@pytest.mark.parametrize("host", ["smtp://mail.madison.gov", "mail.madison.gov:587", "mail.madison.gov/"])
def test_a_mail_server_is_named_by_its_name_alone(host: str) -> None:
    """It was taken, and no mail went: that was told with the first page that somebody should have had by it."""
    assert faults(mail_host=host, mail_from="careroute@madison.gov")[:1] == ["mail_host"]


def test_no_secret_is_printed() -> None:
    assert KEY not in repr(ReachSettings(push_key=KEY, push_contact="mailto:ops@madison.gov"))  # type: ignore[arg-type]
