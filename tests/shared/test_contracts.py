"""The language: every event has its schema and its frozen example, and a breaking change is seen."""

from __future__ import annotations

import json

import pytest

from shared import contracts
from shared.contracts import FOLDER, asyncapi, breaking, faults, schema_of, text_of
from shared.events import COMMAND_TYPES, DECIDED_BY, EVENTS, UndecodableEvent, decode

SERVICES = {"triage", "team-availability", "notification", "rostering"}


def test_the_schemas_are_what_the_code_says_and_nothing_breaks() -> None:
    assert faults() == []
    assert (FOLDER / "asyncapi.json").read_text("utf-8") == text_of(asyncapi())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_frozen_example_is_still_read_and_says_the_same(name: str) -> None:
    frozen = json.loads((FOLDER / f"{name}.example.json").read_text("utf-8"))
    again = json.loads(decode(name, json.dumps(frozen).encode()).encode())
    assert in_terms_of(frozen, again) == frozen


def in_terms_of(frozen: object, again: object) -> object:
    """What is read again, without the fields that a newer version added in any of its parts."""
    if isinstance(frozen, dict) and isinstance(again, dict):
        return {key: in_terms_of(value, again.get(key)) for key, value in frozen.items()}
    if isinstance(frozen, list) and isinstance(again, list) and len(frozen) == len(again):
        return [in_terms_of(*pair) for pair in zip(frozen, again, strict=True)]
    return again


def with_news(part: object) -> object:
    """The same value with a field of a newer version in every part that has fields."""
    if isinstance(part, dict) and part:
        return {**{key: with_news(value) for key, value in part.items()}, "from_the_future": 1}
    return [with_news(value) for value in part] if isinstance(part, list) else part


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_newer_versions_fields_are_ignored_everywhere(name: str) -> None:
    frozen = json.loads((FOLDER / f"{name}.example.json").read_text("utf-8"))
    assert decode(name, json.dumps(with_news(frozen)).encode()).type == name


def test_every_command_has_one_authority() -> None:
    assert set(DECIDED_BY.values()) == SERVICES
    assert all(COMMAND_TYPES[name].decided_by in SERVICES for name in COMMAND_TYPES)


def test_a_record_that_is_no_event_is_told_without_its_values() -> None:
    with pytest.raises(UndecodableEvent, match="unknown event type"):
        decode("no-such-thing", b"{}")
    with pytest.raises(UndecodableEvent) as caught:
        decode("call-reported", b'{"event_id": 5, "call": {"agency": "CANARY"}}')
    assert "CANARY" not in str(caught.value)
    assert "event_id" in str(caught.value)


OLD = schema_of(EVENTS["offer-made"])


def changed(**properties: dict[str, object] | None) -> dict[str, object]:
    """The schema of `offer-made` with some properties replaced, or with None taken away."""
    kept = {**OLD["properties"], **{key: value for key, value in properties.items() if value is not None}}
    for key, value in properties.items():
        if value is None:
            kept.pop(key)
    return {**OLD, "properties": kept}


def test_what_breaks_a_reader_is_found() -> None:
    assert breaking(OLD, OLD) == []
    assert breaking(OLD, changed(note={"type": "string", "default": ""})) == []
    assert breaking(OLD, changed(note={"type": "string"})) == ["the event: note is new and has no default"]
    assert breaking(OLD, changed(step=None)) == ["the event: ['step'] gone"]
    assert breaking(OLD, changed(step={"type": "string"})) == ["step: was integer, is string"]
    assert breaking(OLD, changed(step={"type": "integer", "maximum": 3})) == ["step: maximum was None, is 3"]


def test_an_enumeration_may_grow_and_not_shrink() -> None:
    old = schema_of(EVENTS["call-routed"])
    outcome = old["properties"]["outcome"]
    fewer = {**old, "properties": {**old["properties"], "outcome": {**outcome, "enum": outcome["enum"][:-1]}}}
    assert breaking(old, fewer) == ["outcome: ['cancelled'] can no longer be read"]
    assert breaking(fewer, old) == []


def test_a_breaking_change_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(contracts, "faults", lambda: ["offer-made: step gone; make it a new event"])
    monkeypatch.setattr(contracts, "FOLDER", tmp_path)
    assert contracts.main() == 1
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined]  # a Path
