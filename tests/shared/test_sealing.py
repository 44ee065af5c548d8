"""Two sealing keys at a time: what either sealed opens, only the first seals, and pseudonyms outlive both."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError

from shared.sealing import CannotOpen, Sealer, SealingSettings, new_key, pseudonym_key_of

OLD, NEW = new_key(), new_key()
PERSONAL = {"address": "415 N Henry St"}


def test_through_a_rotation_everybody_opens_what_anybody_seals() -> None:
    pseudonyms = pseudonym_key_of(OLD)
    before, first, second = Sealer(OLD), Sealer(OLD, NEW, pseudonyms), Sealer(NEW, OLD, pseudonyms)
    after = Sealer(NEW, pseudonym_key=pseudonyms)
    for neighbours in ((before, first), (first, second), (second, after)):
        for one in neighbours:
            for other in neighbours:
                assert other.open("a/b/1", one.seal("a/b/1", PERSONAL)) == PERSONAL
    assert {sealer.pseudonym("+16085550142") for sealer in (before, first, second, after)} == {
        before.pseudonym("+16085550142")
    }


def test_once_it_is_thrown_away_the_former_key_opens_nothing() -> None:
    sealed = Sealer(OLD).seal("a/b/1", PERSONAL)
    with pytest.raises(CannotOpen, match=sealed.key_id):
        Sealer(NEW, pseudonym_key=pseudonym_key_of(OLD)).open("a/b/1", sealed)


def test_what_is_sealed_for_one_thing_is_nothing_for_another() -> None:
    sealer = Sealer(OLD)
    with pytest.raises(CannotOpen):
        sealer.open("a/b/2", sealer.seal("a/b/1", PERSONAL))


@pytest.mark.parametrize("wrong", ["no key", "AAAA", ""])
def test_a_wrong_key_is_refused_when_the_process_starts(wrong: str) -> None:
    with pytest.raises(ValidationError):
        SealingSettings(sealing_key=wrong)  # type: ignore[arg-type]


def test_a_second_key_needs_a_key_of_its_own_for_pseudonyms() -> None:
    """Without it callers would be strangers as soon as the two change places."""
    with pytest.raises(ValidationError, match="CAREROUTE_PSEUDONYM_KEY"):
        SealingSettings(sealing_key=OLD, second_sealing_key=NEW)  # type: ignore[arg-type]
    settings = SealingSettings(sealing_key=OLD, second_sealing_key=NEW, pseudonym_key=pseudonym_key_of(OLD))  # type: ignore[arg-type]
    assert settings.sealer.key_ids == {Sealer(OLD).key_id, Sealer(NEW).key_id}


def test_a_process_says_which_keys_it_has_and_nothing_of_them() -> None:
    old, new = new_key(), new_key()
    sealer = SealingSettings(sealing_key=new, second_sealing_key=old, pseudonym_key=pseudonym_key_of(old)).sealer  # type: ignore[arg-type]
    before = Sealer(old)
    for use, key_id in (("seals", sealer.key_id), ("opens", before.key_id), ("pseudonyms", before.pseudonym_key_id)):
        assert REGISTRY.get_sample_value("careroute_key_info", {"use": use, "key": key_id}) == 1
        assert len(key_id) == 8
    assert REGISTRY.get_sample_value("careroute_key_info", {"use": "opens", "key": sealer.key_id}) is None


def test_one_key_in_both_places_is_refused() -> None:
    """Half of a change of places, or a wrong file: what the missing key had sealed would be lost, and nobody told."""
    with pytest.raises(ValidationError, match="the same key"):
        SealingSettings(sealing_key=NEW, second_sealing_key=NEW, pseudonym_key=pseudonym_key_of(OLD))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "part",
    [NEW[:20], NEW[:-1], "\ufeff" + NEW, f"{NEW}\n{OLD}", f"CAREROUTE_SEALING_KEY={NEW}"],
    ids=["half", "all-but-one", "byte-order-mark", "two-keys", "the-line"],
)
def test_who_gives_a_part_of_a_key_is_not_told_to_make_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    """With a new one nothing of what there is would be opened."""
    (tmp_path / "key").write_text(part, "utf-8")
    monkeypatch.setenv("CAREROUTE_SEALING_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(SystemExit):
        SealingSettings.load()
    told = capsys.readouterr().err
    assert told.startswith("CAREROUTE_SEALING_KEY: ")
    assert "the whole key" in told
    assert NEW[:8] not in told
