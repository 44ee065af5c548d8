"""Whose password stands in which file, and when none is set or made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.principals import PRINCIPALS
from deploy.topics import PASSWORD_FILE, WrongPasswords, passwords_in

NAMES = frozenset(principal.name for principal in PRINCIPALS)


def files(directory: Path) -> dict[str, str]:
    return {path.parent.name: path.read_text() for path in directory.glob(f"*/{PASSWORD_FILE}")}


def test_who_has_none_gets_one_and_keeps_it(tmp_path: Path) -> None:
    made = passwords_in(tmp_path)
    assert made == files(tmp_path)
    assert made.keys() == NAMES
    assert len(set(made.values())) == len(NAMES)
    assert passwords_in(tmp_path, NAMES) == made


def test_a_directory_that_is_not_theirs_gives_nobody_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(WrongPasswords, match="triage/kafka-password is not there, and Kafka has a password"):
        passwords_in(tmp_path, {"triage"})
    assert files(tmp_path) == {}


def a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_text(" \n"), "is empty"),
        (lambda file: file.write_text(file.read_text()[:10]), "is not one password of 16 characters or more"),
        (lambda file: file.write_text(f"{file.read_text()}\n{file.read_text()}\n"), "is not one password"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "cannot be read: UnicodeDecodeError"),
        (a_directory, "cannot be read: IsADirectoryError"),
    ],
)
def test_what_is_no_password_is_named_and_nothing_is_made(
    spoil: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    passwords_in(tmp_path)
    spoil(tmp_path / "triage" / PASSWORD_FILE)
    absent = tmp_path / "intake" / PASSWORD_FILE
    absent.unlink()
    with pytest.raises(WrongPasswords, match=f"triage/{PASSWORD_FILE} {words}"):
        passwords_in(tmp_path)
    assert not absent.exists()


def test_a_newline_at_its_end_is_no_part_of_it(tmp_path: Path) -> None:
    made = passwords_in(tmp_path)
    (tmp_path / "triage" / PASSWORD_FILE).write_text(f"{made['triage']}\r\n")
    assert passwords_in(tmp_path, NAMES) == made


def test_nobody_is_given_the_password_of_another(tmp_path: Path) -> None:
    """A file in the wrong place: whoever reads one of the two could act as both."""
    made = passwords_in(tmp_path)
    (tmp_path / "intake" / PASSWORD_FILE).write_text(made["triage"])
    with pytest.raises(WrongPasswords, match="intake and triage have the same password\nno password was set") as told:
        passwords_in(tmp_path, NAMES)
    assert made["triage"] not in str(told.value)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongPasswords, match="no password was set"):
        passwords_in(tmp_path / "file")
