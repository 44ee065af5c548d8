"""A document is read whole or refused, with line and field of whatever is wrong in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.capacity.documents import MOST_BYTES, InputsRefused, parsed, read, written
from deploy.capacity.inputs import MEASURED, NATIONAL, Measured, Wanted
from shared.topics import TOPICS

TEXT = NATIONAL.read_text("utf-8")


def refusal(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(InputsRefused) as refused:
        parsed(Wanted, TEXT.replace(old, new, 1))
    return str(refused.value)


def line_of(start: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if line.startswith(start))


def test_both_documents_are_read_and_name_topics_that_there_are() -> None:
    assert read(Wanted, NATIONAL).demand.calls_a_year == 240_000_000
    assert read(Measured, MEASURED).topics.keys() <= {topic.name for topic in TOPICS}


def test_what_is_measured_is_written_as_it_is_read() -> None:
    measured = read(Measured, MEASURED)
    assert parsed(Measured, written(measured, "again")) == measured


@pytest.mark.parametrize(
    ("old", "new", "field", "start"),
    [
        ("agencies = 6_000", "agencies = 0", "demand.agencies: 0 does not fit", "agencies"),
        ("agencies = 6_000", "agencies = '6000'", "demand.agencies: '6000' does not fit", "agencies"),
        ("surge_factor = 10.0", "surge_factor = inf", "demand.surge_factor: inf does not fit", "surge_factor"),
        ("replication =", "replications =", "layout.replications: is unknown", "replication"),
        ("replication = 3\n", "", "layout.replication: is missing", "[layout]"),
        ("67, 58, 41", "67, -58, 41", "demand.calls_by_hour_of_week[2]: -58 does not fit", "  67"),
        ("67, 58, 41", "67, 41", "demand.calls_by_hour_of_week: a list of 167 does not fit", "calls_by_hour_of_week"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(old: str, new: str, field: str, start: str) -> None:
    assert f"line {line_of(start)}: {field}" in refusal(old, new)


def test_nothing_measured_may_be_missing_and_no_topic_made_up() -> None:
    measured = MEASURED.read_text("utf-8")
    lines = measured.splitlines(keepends=True)
    kafka = lines.index("[processes.kafka]\n")
    with pytest.raises(InputsRefused, match=r"processes: .* kafka must be there too"):
        parsed(Measured, "".join(lines[:kafka] + lines[kafka + 4 :]))
    with pytest.raises(InputsRefused, match=r"topics\.gossip: .* should be one of calls"):
        parsed(Measured, measured.replace("[topics.commands]", "[topics.gossip]"))


def test_a_week_has_a_call() -> None:
    before, week = TEXT.split("calls_by_hour_of_week = [")
    hours, after = week.split("]", 1)
    nobody = re.sub(r"\d+", "0", hours)
    with pytest.raises(InputsRefused, match=r"calls_by_hour_of_week: a list of 168 .* some hour"):
        parsed(Wanted, f"{before}calls_by_hour_of_week = [{nobody}]{after}")


def test_all_faults_are_told_at_once() -> None:
    assert len(refusal("[demand]\nagencies = 6_000", "[demand]\nagencies = 0\nagency = 1").splitlines()) == 2


def test_what_is_no_toml_is_refused() -> None:
    assert "no TOML" in refusal("[layout]", "[layout")


def test_what_is_long_or_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inputs.toml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(InputsRefused, match="longer than"):
        read(Wanted, path)
    path.write_bytes(b"# \xff")
    with pytest.raises(InputsRefused, match="byte 2 is no UTF-8"):
        read(Wanted, path)
