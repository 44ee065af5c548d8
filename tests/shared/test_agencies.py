"""The agencies file is tried when it is read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from shared.agencies import Agencies, AgenciesRefused, agencies_in, hash_of, is_probe, sign_in_hash
from shared.config import EXIT_SETTINGS
from shared.telemetry import AGENCIES_FILE, AGENCIES_FILE_REFUSED, configure_logs

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


# --- F7 -------------------------------------------------------------------------------------------------------------

CAD = f'[agencies.x.sources.cad]\nkeys = ["{hash_of("key")}"]\n'
ANA = f'[agencies.x.people.ana]\ntoken = "{hash_of("t")}"\n'
WHOLE = CAD + ANA + 'roles = ["supervisor"]\n'


def _syntax(path: Path) -> None:
    path.write_text(CAD + "[agencies.x.people.ana\n")


def _other_than_toml(path: Path) -> None:
    path.write_bytes(b"\xff\xfe[agencies]")


def _unknown_role(path: Path) -> None:
    path.write_text(CAD + ANA + 'roles = ["boss"]\n')


def _unhashed(path: Path) -> None:
    path.write_text(CAD.replace("sha256:", ""))


def _gone(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_text("")


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS = (_syntax, _other_than_toml, _unknown_role, _unhashed, _gone, _emptied, _a_folder)


def refused() -> float:
    (sample,) = next(iter(AGENCIES_FILE_REFUSED.collect())).samples
    return sample.value


def test_a_process_says_which_file_is_in_force_there(tmp_path: Path) -> None:
    """Two that have different ones are each right by themselves; eight digits tell of no key."""

    def in_force() -> list[tuple[str, float]]:
        samples = next(iter(AGENCIES_FILE.collect())).samples
        return [(sample.labels["hash"], sample.value) for sample in samples]

    doors, path = agencies(tmp_path, WHOLE), tmp_path / "agencies.toml"
    assert in_force() == [(sha256(WHOLE.encode()).hexdigest()[:8], 1)]
    path.write_text(CAD)
    doors.current()
    assert in_force() == [(changed := sha256(CAD.encode()).hexdigest()[:8], 1)]
    path.write_text("this is none")
    assert doors.refused_since is not None
    assert in_force() == [(changed, 1)]


@pytest.mark.parametrize("spoil", FAULTS)
def test_f7_a_file_that_is_wrong_or_gone_takes_nothing_away_and_says_so(
    tmp_path: Path, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """F7: the file before it stays in force, and log, metric and readiness say so until it is right again."""
    configure_logs("console", "1")
    doors, path = agencies(tmp_path, WHOLE), tmp_path / "agencies.toml"
    assert (refused(), doors.remark(), doors.refused_since) == (0, "", None)
    spoil(path)
    assert refused() == 1, "seen by whoever looks at the metrics, without a request"
    assert doors.remark().startswith("The agencies file is refused since 20")
    since = doors.refused_since
    for _ in range(3):
        assert doors.source_of("key") is not None
        assert doors.person_of("t") is not None
    assert doors.refused_since == since
    lines = [line for line in capsys.readouterr().err.splitlines() if "agencies file refused" in line]
    assert len(lines) == 1, "once, not with every request"
    assert json.loads(lines[0])["level"] == "error"
    assert json.loads(lines[0])["wrong"].startswith("agencies.toml: ")
    if path.is_dir():
        path.rmdir()
    path.write_text(CAD)
    assert doors.person_of("t") is None, "taken out, now that the file is right"
    assert doors.source_of("key") is not None
    assert (refused(), doors.remark(), doors.refused_since) == (0, "", None)


def test_a_file_may_begin_with_the_mark_that_some_editors_write(tmp_path: Path) -> None:
    assert agencies(tmp_path, "\ufeff" + WHOLE).person_of("t") is not None


def test_f7_the_very_same_file_put_back_is_taken_again(tmp_path: Path) -> None:
    doors, path = agencies(tmp_path, WHOLE), tmp_path / "agencies.toml"
    path.rename(tmp_path / "elsewhere")
    assert doors.refused_since is not None
    (tmp_path / "elsewhere").rename(path)
    assert doors.refused_since is None


@pytest.mark.parametrize("spoil", [*FAULTS, None])
def test_f7_what_is_revoked_is_let_in_nowhere_whatever_the_file_says(
    tmp_path: Path, spoil: Callable[[Path], None] | None
) -> None:
    """F7: the second way to take a token or key away needs no file."""
    doors = agencies(tmp_path, WHOLE)
    assert doors.may_pause("x")
    if spoil is not None:
        spoil(tmp_path / "agencies.toml")
    doors.revoke("another-agency", hash_of("t"))
    assert doors.person_of("t") is not None, "another agency's word is nothing here"
    doors.revoke("x", hash_of("t"))
    assert doors.person_of("t") is None
    assert not doors.may_pause("x"), "whoever is not let in cannot reach the stop switch"
    assert doors.source_of("key") is not None
    doors.revoke("x", hash_of("key"))
    assert doors.source_of("key") is None


def test_whose_token_is_revoked_does_not_reach_the_stop_switch_by_signing_in(tmp_path: Path) -> None:
    doors = agencies(tmp_path, WHOLE.replace('roles = ["supervisor"]', 'sign_in = "sub:1"\nroles = ["supervisor"]'))
    assert doors.person_with(sign_in_hash("sub:1")) is not None
    assert doors.may_pause("x")
    doors.revoke("x", hash_of("t"))
    assert doors.person_with(sign_in_hash("sub:1")) is None
    assert not doors.may_pause("x")


@pytest.mark.parametrize(
    "second",
    [
        f'[agencies.y.people.eve]\ntoken = "{hash_of("t")}"\nroles = ["supervisor"]\n',
        f'[agencies.y.sources.cad]\nkeys = ["{hash_of("key")}"]\n',
        f'[agencies.y.sources.cad]\nkeys = ["{hash_of("t")}"]\n',
        f'[agencies.x.sources.second]\nkeys = ["{hash_of("new")}", "{hash_of("key")}"]\n',
    ],
)
def test_a_token_or_key_is_one_person_s_or_one_source_s(tmp_path: Path, second: str) -> None:
    with pytest.raises(AgenciesRefused, match=r"x/.* and ./.* have the same token, key or sign_in") as refused:
        agencies(tmp_path, WHOLE + second)
    assert "sha256" not in str(refused.value)


def test_f7_a_file_that_is_empty_at_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AgenciesRefused, match="agencies"):
        agencies(tmp_path, "")


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 3_000, "x = " + "9" * 5_000, "x = \ud83d", "x ="], ids=lambda text: text[:6]
)
def test_f7_whatever_is_wrong_with_the_file_the_old_one_serves(tmp_path: Path, text: str) -> None:
    doors = agencies(tmp_path, WHOLE)
    (tmp_path / "agencies.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert doors.source_of("key") is not None
    assert doors.refused_since is not None


# --- kinds of sources -------------------------------------------------------------------------------------------------


def test_a_source_is_a_cad_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = '[agencies.x.sources.cad]\n[agencies.x.sources.beat]\nkind = "synthetic"\n'
    doors = agencies(tmp_path, text).agency("x")
    assert doors is not None
    assert {name: source.kind for name, source in doors.sources.items()} == {"cad": "cad", "beat": "synthetic"}


@pytest.mark.parametrize("kind", ['"Synthetic"', '"test"', "true", "[]"])
def test_a_kind_that_is_misspelt_is_refused_with_the_words_that_would_be_right(tmp_path: Path, kind: str) -> None:
    with pytest.raises(AgenciesRefused, match=r"agencies\.x\.sources\.beat\.kind: must be one of cad, synthetic;"):
        agencies(tmp_path, f"[agencies.x.sources.beat]\nkind = {kind}\n")


def test_of_a_test_call_nobody_is_told(tmp_path: Path) -> None:
    webhook = f'webhook = {{ url = "https://a.example/", secret = "{SECRET}" }}\n'
    with pytest.raises(AgenciesRefused, match="a synthetic source has no webhook"):
        agencies(tmp_path, f'[agencies.x.sources.beat]\nkind = "synthetic"\n{webhook}')


def test_made_up_agencies_are_told_by_their_name() -> None:
    names = ("probe-0", "probe-17", "probe", "probe-", "probe-1a", "city-of-probe-1", "probe-1-ma")
    assert [name for name in names if is_probe(name)] == ["probe-0", "probe-17"]


def test_a_wrong_file_is_a_wrong_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "agencies.toml"
    file.write_text("agencies = 3")
    for path in (file, tmp_path / "missing.toml", tmp_path):
        with pytest.raises(SystemExit) as ended:
            agencies_in(path)
        assert ended.value.code == EXIT_SETTINGS
        assert capsys.readouterr().err.startswith("CAREROUTE_AGENCIES_FILE: ")
