"""`careroute probe`: the two parts that it writes fit together, and nothing that is there already is lost."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.local.kafka.node import CHECKOUT
from services.console.cli.app import app
from shared.agencies import Agencies, is_probe
from shared.engine.kafka import KafkaBroker
from shared.probes import EXIT_SETTINGS, PEOPLE, ProbesRefused, document_of, probes_of, read_probes
from shared.programme import read


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def probe(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["probe", *arguments])


def test_what_is_made_up_stands_on_every_partition_and_both_parts_fit_together(folder: Path) -> None:
    done = probe("agencies", "--prober-url", "https://prober.example/", "--partitions", "6")
    assert done.exit_code == 0, done.output
    file, probes = Agencies(folder / "agencies.probe.toml"), read_probes(folder / "probes.toml")
    partitions = {KafkaBroker("", 6).partition_of(name): name for name in file.names()}
    assert partitions.keys() == set(range(6))
    assert {agency.partition: name for name, agency in probes.agencies.items()} == partitions
    for name, agency in probes.agencies.items():
        assert is_probe(name)
        source, webhook = file.source_of(agency.key), file.cad_webhook(name, "cad")
        assert source is not None
        assert (source.agency, source.name, source.kind) == (name, "cad", "cad")
        assert webhook is not None
        assert (webhook.url, webhook.secret) == (f"https://prober.example/cad/{name}", (agency.webhook_secret,))
        assert file.page_secrets(name) == (agency.page_secret,)
        people = {person: file.person_of(agency.tokens[person]) for person in PEOPLE}
        assert {person: tuple(who.roles) for person, who in people.items() if who} == dict(PEOPLE)
        assert read(document_of(name)).agency == name
    for path in ("agencies.probe.toml", "probes.toml"):
        assert stat.S_IMODE((folder / path).stat().st_mode) == 0o600


def test_what_the_page_of_an_unprobed_partition_says_is_done_beside_the_former_files(folder: Path) -> None:
    assert probe("agencies", "--prober-url", "https://prober.example").exit_code == 0
    former = {path: path.read_bytes() for path in folder.iterdir()}
    page = (CHECKOUT / "deploy/runbooks/PartitionUnprobed.md").read_text("utf-8")
    (line,) = re.findall(r"`careroute probe (agencies --[^`]+)`", page)
    done = probe(*line.replace(" N ", " 6 ").replace("…", "prober.example").split())
    assert done.exit_code == 0, done.output
    assert {path: path.read_bytes() for path in folder.iterdir() if path in former} == former
    assert len(read_probes(folder / "new.probes.toml").agencies) == 6


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("agencies", "--prober-url", "http://prober.example"), "must begin with https://"),
        (("agencies", "--prober-url", "prober.example"), "must begin with https://"),
        (("agencies", "--prober-url", "https://a b/"), "must be one URL"),
        (("beat", "madison wi"), "madison wi"),
        (("beat", "madison-wi", "--source", "a/b"), "source"),
    ],
)
def test_what_the_agencies_file_would_be_refused_with_is_not_written(
    folder: Path, arguments: tuple[str, ...], why: str
) -> None:
    done = probe(*arguments)
    assert done.exit_code == 2
    assert why in done.stderr
    assert list(folder.iterdir()) == []


def test_a_beat_is_a_synthetic_source_and_a_reader(folder: Path) -> None:
    assert probe("agencies", "--prober-url", "https://prober.example").exit_code == 0
    assert probe("beat", "madison-wi").exit_code == 0
    file, probes = Agencies(folder / "agencies.beat.toml"), read_probes(folder / "probes.toml")
    assert len(probes.agencies) == 4
    beat = probes.beats["madison-wi"]
    source, reader = file.source_of(beat.key), file.person_of(beat.token)
    assert source is not None
    assert (source.agency, source.name, source.kind) == ("madison-wi", "synthetic", "synthetic")
    assert reader is not None
    assert reader.roles == {"viewer"}


def test_nothing_that_is_there_is_lost(folder: Path) -> None:
    assert probe("beat", "madison-wi").exit_code == 0
    before = [path.read_text() for path in sorted(folder.iterdir())]
    again = probe("beat", "madison-wi", "--part", "another.toml")
    assert (again.exit_code, "madison-wi in probes.toml" in again.stderr) == (2, True)
    assert probe("beat", "boston-ma").exit_code == 2  # its part would be written over
    assert [path.read_text() for path in sorted(folder.iterdir())] == before


@pytest.mark.parametrize("text", ["[beats.x]\nsource = 1", "[agencies.x]\nkey = 'CANARY'", "[", "\xff"])
def test_a_probes_file_that_is_wrong_is_refused_and_not_quoted(folder: Path, text: str) -> None:
    (folder / "probes.toml").write_text(text, "latin-1")
    with pytest.raises(ProbesRefused, match=r"^probes\.toml: ") as refused:
        read_probes(folder / "probes.toml")
    assert "CANARY" not in str(refused.value)
    assert probe("beat", "madison-wi").exit_code == 2


def test_as_many_as_there_are_partitions_are_made_up_where_the_environment_says_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREROUTE_PARTITIONS", "12")
    assert probe("agencies", "--prober-url", "https://prober.example").exit_code == 0
    assert {agency.partition for agency in read_probes(folder / "probes.toml").agencies.values()} == set(range(12))


def test_a_directory_in_the_place_of_the_probes_file_is_told_of_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Docker makes one where it binds a file that is missing."""
    (folder / "probes.toml").mkdir()
    done = probe("agencies", "--prober-url", "https://prober.example")
    assert (done.exit_code, "Docker" in done.stderr, "remove it" in done.stderr) == (2, True, True)
    assert [path.name for path in folder.iterdir()] == ["probes.toml"]
    with pytest.raises(SystemExit) as ended:
        probes_of(folder / "probes.toml")
    assert ended.value.code == EXIT_SETTINGS
    assert capsys.readouterr().err.startswith("CAREROUTE_PROBES_FILE: probes.toml: it is a directory")
    with pytest.raises(ProbesRefused, match="careroute probe agencies"):
        read_probes(folder / "missing.toml")


def test_where_the_probes_file_cannot_be_written_no_part_is_left_that_fits_nothing(folder: Path) -> None:
    done = probe("beat", "madison-wi", "--into", "no/such/probes.toml")
    assert (done.exit_code, "cannot be written" in done.stderr) == (2, True)
    assert [*folder.iterdir()] == []
