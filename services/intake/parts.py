"""Reads parts of a JSON document tolerantly: what cannot be read is absent, and a note says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from services.intake.flat import Time
from shared.call import IncidentId

T = TypeVar("T")
MAX_TEXT_CHARACTERS = 200
LARGEST_NUMBER = 10**18
"""What is larger is no code."""
MAX_NOTES = 20

_TIME: TypeAdapter[datetime] = TypeAdapter(Time)
_INCIDENT: TypeAdapter[str] = TypeAdapter(IncidentId)


@dataclass(slots=True)
class Remarks:
    """What comes up while a document is read."""

    notes: dict[str, None] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    """Texts that were too long, or had no code, whole: what is left out could be the word that matters."""

    def note(self, sentence: str) -> None:
        """Say something to the sender, once."""
        if len(self.notes) < MAX_NOTES:
            self.notes[sentence] = None


class Part:
    """One object of the document. Names of fields are told to the sender, values are not.

    A name counts in whatever case it is written: what is under it may be the hazard.
    """

    def __init__(self, content: Mapping[str, Any], remarks: Remarks) -> None:
        self.content, self._remarks = content, remarks
        self._folded: dict[str, list[str]] = {}
        self._parts: dict[str, list[Part]] = {}
        for name in content:
            self._folded.setdefault(name.casefold(), []).append(name)

    def text(self, name: str) -> str | None:
        """The first text of a field, of at most 200 characters; a number is taken as it is written."""
        return next(iter(self.texts(name)), None)

    def texts(self, name: str) -> list[str]:
        """Texts, where one or several may stand."""
        return [text for value in self.values(name) if (text := self._as_text(name, value)) is not None]

    def whole_texts(self, name: str, *, objects: bool = True) -> list[str]:
        """Texts of any length; what is no text is taken for its words: as JSON, and each text of several lines in it.

        `objects`: whether objects are read so too.
        """
        texts = []
        for value in self.values(name):
            if value is None:
                self._absent(name)
            elif isinstance(value, str):
                texts.append(value)
            elif objects or not isinstance(value, dict):
                texts += [self._json_of(name, value), *_texts_within(value)]
        return texts

    def whole_number(self, name: str) -> int | None:
        """A whole number, as number or text."""
        if not (values := self.values(name)):
            return None
        value = values[0]
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < MAX_NOTES:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._absent(name)
        return None

    def time(self, name: str) -> datetime | None:
        """A plausible instant with an offset."""
        return self._by(_TIME, name)

    def incident_id(self, name: str) -> str | None:
        """The number of an incident."""
        return self._by(_INCIDENT, name)

    def parts(self, name: str) -> list[Part]:
        """Objects, where one or several may stand."""
        if name in self._parts:
            return self._parts[name]
        read = self._parts[name] = []
        for value in self.values(name):
            if isinstance(value, dict):
                read.append(Part(value, self._remarks))
            else:
                self._absent(name)
        return read

    def refers(self, name: str) -> frozenset[str]:
        """The names that references give, as objects or as texts; one that cannot be read gives an empty one."""
        said = [value.get("$ref", "") if isinstance(value, dict) else value for value in self.values(name)]
        return frozenset(text if isinstance(text, str) else "" for text in said if text is not None)

    def unreadable(self, name: str) -> bool:
        """Whether something stands there that is no object; null is nothing."""
        return any(value is not None and not isinstance(value, dict) for value in self.values(name))

    def is_no_text(self, name: str) -> bool:
        """Whether something stands there that is neither text nor number; null is nothing."""
        return any(value is not None and _text_of(value) is None for value in self.values(name))

    def has(self, name: str) -> bool:
        """Whether anything but nothing stands there."""
        return any(self.content[written] for written in self._folded.get(name.casefold(), ()))

    def values(self, name: str) -> list[Any]:
        """Whatever stands there, one by one."""
        held = [self.content[written] for written in self._folded.get(name.casefold(), ())]
        return [value for one in held for value in (one if isinstance(one, list) else [one])]

    def _as_text(self, name: str, value: Any) -> str | None:
        text = _text_of(value)
        if text is None:
            self._absent(name)
            return None
        if len(text) > MAX_TEXT_CHARACTERS:
            self._remarks.note(f"{name} is longer than {MAX_TEXT_CHARACTERS} characters and was cut.")
            self._remarks.cut.append(text)
        return text[:MAX_TEXT_CHARACTERS]

    def _json_of(self, name: str, value: Any) -> str:
        try:
            return to_json(value).decode()
        except ValueError:
            self._absent(name)
            return ""

    def _by(self, adapter: TypeAdapter[T], name: str) -> T | None:
        if not (values := self.values(name)):
            return None
        try:
            return adapter.validate_python(values[0])
        except ValidationError:
            self._absent(name)
            return None

    def _absent(self, name: str) -> None:
        self._remarks.note(f"{name} could not be read; it is taken as absent.")


def _text_of(value: Any) -> str | None:
    """A text, or a number as it is written; None for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER:
        return str(value)
    return value if isinstance(value, str) else None


def _texts_within(value: Any) -> Iterator[str]:
    """Every text in a value that has several lines: in JSON the end of a line is a letter of the next word."""
    return (text for text in texts_within(value) if not text.isprintable())


def texts_within(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_within(inner)
