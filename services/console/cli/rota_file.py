"""A file of rotations: TOML, a table a rotation, read with every fault by line and field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError

from shared.events import Rotation
from shared.programme.document.faults import Fault, field_name
from shared.programme.document.lines import Lines
from shared.programme.document.lines import Path as Place
from shared.validation import message_of

MOST_BYTES = 200_000
EXAMPLE = """[rotation.nights]
team_id = "crisis-1"
duty = "on-call"                   # or "on-shift"
zone = "America/Chicago"
starts = "19:00"
ends = "07:00"                     # of the next day, as it is not after the start
days = ["Mon", "Tue", "Wed"]       # left out: every day
turn_days = 1                      # so many worked days, then it is the next crew's turn; 7: a week at a time
places = ["paramedic or emt", ""]  # what each place needs; "": anybody
crews = [["ann", "bob"], ["cat", "dan"]]
anchor = 2026-12-07                # the first turn of the first crew
gaps_to = ["sue"]                  # who is told what a shift lacks
sign_on_grace_minutes = 15         # at work: so long after its start a team that has not signed on is missed
"""


class WrittenRotation(Rotation):
    """A rotation as a file says it; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class RotationsRefused(ValueError):
    """The file does not say what can be planned; `faults` is everything that was found, with its lines."""

    def __init__(self, faults: Iterable[Fault | str]) -> None:
        """Refuse for these faults."""
        self.faults = tuple(str(fault) for fault in faults)
        super().__init__("\n".join(self.faults))


class RotationFile:
    """The rotations of a file, and where in it each thing stands."""

    def __init__(self, text: str) -> None:
        """Read it. Raises RotationsRefused."""
        try:
            written: Any = tomllib.loads(text)
        except RecursionError:
            raise RotationsRefused(["it is nested too deeply"]) from None
        except ValueError as error:
            raise RotationsRefused([f"it is no TOML: {error}"]) from None
        self._lines = Lines(text)
        tables = written.get("rotation")
        strange = [name for name in written if name != "rotation"]
        if not isinstance(tables, dict) or not tables or strange or not all(map(_is_table, tables.values())):
            line = self._lines.at(tuple(strange[:1]))
            found = "is no rotation" if strange else "the file has no rotation"
            right = "each begins with a line such as [rotation.nights]; `careroute rota example` prints a whole one"
            raise RotationsRefused([Fault(line, field_name(tuple(strange[:1])), found, right)])
        self.rotations: list[WrittenRotation] = []
        faults: list[Fault] = []
        for name, table in tables.items():
            try:
                self.rotations.append(WrittenRotation.model_validate({**table, "rotation_id": name}))
            except ValidationError as error:
                faults += self._faults(name, error)
        if faults:
            raise RotationsRefused(sorted(faults))

    def fault(self, rotation_id: str, said: str) -> str:
        """What rostering says of a rotation's field, with the line on which the field stands."""
        field, colon, what = said.partition(": ")
        path = ("rotation", rotation_id, *_path_of(field)) if colon else ("rotation", rotation_id)
        return (
            f"line {self._lines.at(path)}: {field_name(('rotation', rotation_id))}: {said if colon else what or said}"
        )

    def _faults(self, name: str, error: ValidationError) -> Iterator[Fault]:
        for wrong in error.errors(include_url=False, include_input=False):
            path: Place = ("rotation", name, *wrong["loc"])
            yield Fault(self._lines.at(path), field_name(path), *_words(wrong["type"], message_of(wrong)))


def read_rotations(file: Path) -> RotationFile:
    """The rotations of a file. Raises RotationsRefused."""
    if file.stat().st_size > MOST_BYTES:
        raise RotationsRefused([f"it has more than {MOST_BYTES} bytes"])
    try:
        return RotationFile(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise RotationsRefused(["it is not UTF-8 text"]) from None


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _path_of(field: str) -> Iterator[str | int]:
    """`crews[2]` as a path: `crews`, 1."""
    for part in re.findall(r"[a-z_]+|\[\d+\]", field):
        yield int(part[1:-1]) - 1 if part.startswith("[") else part


def _words(kind: str, message: str) -> tuple[str, str]:
    """What is wrong, and what would be right."""
    if kind == "missing":
        return "is missing", "every rotation says it"
    if kind == "extra_forbidden":
        known = ", ".join(name for name in Rotation.model_fields if name != "rotation_id")
        return "is no field of a rotation", f"there are {known}"
    if kind == "string_pattern_mismatch":
        return "is not written as it should be", 'a time is "19:00", a name letters, digits and . _ : @ -'
    return "cannot be so", message[:1].lower() + message[1:]
