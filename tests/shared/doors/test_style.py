"""Text must be readable at night and in the sun: contrast as WCAG AA counts it, in both colour schemes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.local.kafka.node import CHECKOUT
from shared.doors.pages import SHARED

STYLE = (SHARED / "static" / "style.css").read_text("utf-8")
OWN = sorted(CHECKOUT.glob("services/*/static/*.css"))
SCHEMES = dict(zip(("light", "dark"), re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL), strict=True))
TEXT_ON = [
    ("ink", "page"),
    ("ink", "card"),
    ("quiet", "page"),
    ("quiet", "card"),
    ("ink", "warn-page"),
    ("ink", "danger-page"),
    ("on-go", "go"),
    ("on-danger", "danger"),
    ("on-state", "state"),
]


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrast(scheme: str) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", SCHEMES[scheme]))
    for text, ground in TEXT_ON:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for ground in ("page", "card"):
        assert contrast(colours["line"], colours[ground]) >= 3, "edges of what can be tapped"
        assert contrast(colours["focus"], colours[ground]) >= 3


@pytest.mark.parametrize("sheet", OWN, ids=lambda sheet: sheet.parts[-3])
def test_a_door_has_no_colours_of_its_own(sheet: Path) -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgb|\bhsl", sheet.read_text("utf-8")) == []
