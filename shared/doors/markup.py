"""Elements of a page made by code: names, attributes and words in, escaped markup out."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape


def element(tag: str, *inside: str, **attributes: str | float) -> Markup:
    """An element around words or other elements. A trailing underscore keeps an attribute's name off Python's words.

    Other underscores stand for hyphens; numbers are written as coordinates, with two digits at most.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_written(value))}"' for name, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(tag, Markup(written), joined(inside))  # noqa: S704  # escaped above


def joined(parts: Iterable[str]) -> Markup:
    """Words and elements, one after the other."""
    return Markup("").join(parts)


def coordinate(number: float) -> str:
    """A place or length in a drawing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else coordinate(value)
