"""What the README says of presets and their keys is there."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.programmes.desk import PROGRAMMES

ROWS = re.findall(r"(?m)^\| (.+) \| (.+) \|$", (PROGRAMMES / "README.md").read_text())


def claims(cell: str) -> Iterator[tuple[str, str]]:
    """Each preset of a cell with each key that is said of it."""
    presets: list[str] = []
    last_was_key = False
    for token in re.findall(r"`([^`]+)`", cell):
        is_preset = re.fullmatch(r"[a-z-]+(\.(\*|\d{4}-\d\d-\d\d))?", token) and list(PROGRAMMES.glob(f"{token}.toml"))
        if is_preset:
            presets = [*([] if last_was_key else presets), *[path.stem for path in is_preset]]
        elif presets:
            yield from ((name, token) for name in presets)
        last_was_key = not is_preset


def has(document: Any, path: list[str]) -> bool:
    """Whether a key stands at the path; of a list of tables, in any of them."""
    if not path:
        return True
    if isinstance(document, list):
        return any(has(table, path) for table in document)
    return isinstance(document, dict) and path[0] in document and has(document[path[0]], path[1:])


@pytest.mark.parametrize(("sentence", "cell"), [row for row in ROWS if row[0] not in ("the text says", "---")])
def test_every_sentence_is_carried_by_keys_that_exist_or_says_why_not(sentence: str, cell: str) -> None:
    named = list(claims(cell))
    assert named or cell.startswith("not carried: "), sentence
    for name, key in named:
        assert has(tomllib.loads((PROGRAMMES / f"{name}.toml").read_text()), key.split(".")), (name, key)


def test_every_preset_that_is_named_exists() -> None:
    for token in re.findall(r"`([a-z-]+\.(?:\*|\d{4}-\d\d-\d\d))`", (PROGRAMMES / "README.md").read_text()):
        assert list(PROGRAMMES.glob(f"{token}.toml")), token
