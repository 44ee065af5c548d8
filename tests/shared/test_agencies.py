"""The agencies file is tried when it is read."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from shared.agencies import Agencies, AgenciesRefused

SECRET = "whsec_" + "c2VjcmV0" * 6
OTHER = "whsec_" + "b3RoZXJz" * 6


def agencies(folder: Path, text: str) -> Agencies:
    (folder / "agencies.toml").write_text(text)
    return Agencies(folder / "agencies.toml")


@pytest.mark.parametrize(
    "secret",
    ["whsec_" + "a" * 25, "whsec_", "whsec_====", "whsec_" + "a" * 24, "whsec_" + "-_" * 20, "whsec_" + "a" * 200,
     "a" * 48, "whsec_" + "a=" * 20],
)  # fmt: skip
def test_b5_a_secret_that_cannot_sign_is_refused_when_the_file_is_read(tmp_path: Path, secret: str) -> None:
    with pytest.raises(AgenciesRefused, match="must be whsec_ and 24 to 64 random bytes in base64"):
        agencies(tmp_path, f'[agencies.x]\npage_secret = "{secret}"\n')
    with pytest.raises(AgenciesRefused, match="must be whsec_"):
        agencies(
            tmp_path, f'[agencies.x.sources.cad]\nwebhook = {{ url = "https://a.example/", secret = "{secret}" }}\n'
        )


@pytest.mark.parametrize(
    "secret", [SECRET, "whsec_" + "a" * 32, "whsec_" + "A+/b" * 8 + "aa==", "whsec_" + "A+/b" * 8 + "aa"]
)
def test_b5_a_secret_that_is_taken_signs(tmp_path: Path, secret: str) -> None:
    (taken,) = agencies(tmp_path, f'[agencies.x]\npage_secret = "{secret}"\n').page_secrets("x")
    assert Webhook(taken).sign("id", datetime.now(UTC), "{}").startswith("v1,")


def test_b6_two_secrets_are_valid_at_a_time(tmp_path: Path) -> None:
    text = f'[agencies.x.sources.cad]\nwebhook = {{ url = "https://a.example/", secret = ["{SECRET}", "{OTHER}"] }}\n'
    webhook = agencies(tmp_path, text).cad_webhook("x", "cad")
    assert webhook is not None
    assert webhook.secret == (SECRET, OTHER)
    with pytest.raises(AgenciesRefused):
        agencies(tmp_path, f'[agencies.x]\npage_secret = ["{SECRET}", "{OTHER}", "{SECRET}"]\n')


@pytest.mark.parametrize("url", ["https://a..b/x", "https://", "http://cad.example/", "ftp://cad.example/"])
def test_b7_a_webhook_that_leads_nowhere_is_refused_when_the_file_is_read(tmp_path: Path, url: str) -> None:
    with pytest.raises(AgenciesRefused, match="must"):
        agencies(tmp_path, f'[agencies.x.sources.cad]\nwebhook = {{ url = "{url}", secret = "{SECRET}" }}\n')


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 3_000, "x = " + "9" * 5_000, "x = \ud83d", "x ="], ids=lambda text: text[:6]
)
def test_f7_whatever_is_wrong_with_the_file_the_old_one_serves_and_the_fault_is_told(tmp_path: Path, text: str) -> None:
    standing = agencies(tmp_path, "[agencies.x]\n")
    (tmp_path / "agencies.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert "x" in standing.current().agencies
    assert standing.fault is not None
