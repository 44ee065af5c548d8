"""What a page looks like by its style sheet: readable in both themes, marked by more than a colour."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment

from services.console.pages.look import HERE
from services.console.pages.words import FILTERS, MARKS, filled, mark
from tests.shared.doors.test_style import contrast

STYLE = (HERE / "static" / "style.css").read_text("utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", STYLE)
}
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_live_text_has_a_contrast_of_seven(theme: str) -> None:
    for text in ("ink", "quiet", "free", "asked", "busy", "there", "out", "alarm"):
        for ground in ("page", "card"):
            assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 7.0, (text, ground)
    for text, ground in (("on-go", "go"), ("on-danger", "danger"), ("danger", "danger-page"), ("ink", "warn-page")):
        assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 4.5, (text, ground)


def test_no_state_is_told_by_its_colour_alone() -> None:
    for state, (shape, word, colour) in MARKS.items():
        assert shape, state
        assert word, state
        assert f".{colour}" in STYLE
    assert "new state" in mark("new-state"), "one that nobody has listed shows its name"


@pytest.mark.parametrize(
    ("hour", "minute", "says"),
    [(6, 59, "01:59:00 CDT"), (7, 0, "01:00:00 CST"), (5, 59, "00:59:00"), (8, 0, "02:00:00")],
)
def test_in_the_hour_that_comes_twice_a_time_says_which_it_is(hour: int, minute: int, says: str) -> None:
    at = datetime(2026, 11, 1, hour, minute, tzinfo=UTC)
    written = Environment(autoescape=True)
    written.filters |= FILTERS
    shown = written.from_string("{{ at | clock_time }}").render(at=at, zone=ZoneInfo("America/Chicago"))
    assert shown.endswith(f">{says}</time>")


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("A referral was made, due 2026-03-05 03:30 UTC.", "A referral was made, due 2026-03-04 21:30."),
        ("Refused since 2026-11-01 06:30:15 UTC: no.", "Refused since 2026-11-01 01:30 CDT: no."),
        ("They said 2026-19-39 29:99 UTC.", "They said 2026-19-39 29:99 UTC."),
        ("Due 0001-01-01 00:00 UTC <b>", "Due 0001-01-01 00:00 UTC &lt;b&gt;"),
    ],
)
def test_a_sentence_tells_times_of_the_agency(sentence: str, says: str) -> None:
    """Beside 21:30 on the agency's clocks its history said that a referral is due the day after, in UTC."""
    written = Environment(autoescape=True)
    written.filters |= FILTERS
    shown = written.from_string("{{ sentence | on_clocks }}")
    assert shown.render(sentence=sentence, zone=ZoneInfo("America/Chicago")) == says


@pytest.mark.parametrize(
    ("kind", "seconds", "words"),
    [
        ("age", 5, "5 s ago"),
        ("age", 61, "1 min ago"),
        ("age", 7_200, "2 h ago"),
        ("age", 200_000, "2 days ago"),
        ("age", -3, "0 s ago"),
        ("left", -12, "12 s left"),
        ("left", -150, "2 min left"),
        ("left", 1, "time is up"),
    ],
)
def test_ages_stand_in_a_page_without_a_script(kind: str, seconds: float, words: str) -> None:
    at = (AT - timedelta(seconds=seconds)).isoformat()
    assert filled(f'<span class="x" data-{kind}="{at}"></span>', AT).endswith(f">{words}</span>")
