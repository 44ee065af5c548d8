"""What a reader sees of a narrative that may be HTML: EIDO notes are, and flat ones sometimes."""

from __future__ import annotations

from html.parser import HTMLParser

_BREAKS = frozenset((
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p",
    "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
))  # fmt: skip
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "big", "body", "center", "cite", "code", "del", "dfn", "em", "font", "head",
    "html", "i", "img", "input", "ins", "kbd", "label", "link", "mark", "meta", "q", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "textarea", "tt", "u", "var", "wbr",
))  # fmt: skip
_UNSEEN = frozenset(("script", "style"))


def plain_text(narrative: str) -> str:
    """The text of an HTML fragment. What only looks like a tag (`<gun in hand>`) is text, so that no word is lost."""
    if "<" not in narrative and "&" not in narrative:
        return narrative
    parser = _Text()
    parser.feed(narrative)
    parser.close()
    return "".join(parser.texts).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._unseen: list[str] | None = None

    def close(self) -> None:
        """At the end a script that was never closed is taken for text."""
        super().close()
        self.texts += [*(self._unseen or ()), self.rawdata]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  base class
        if tag in _UNSEEN:
            self._unseen = self._unseen or []
        elif tag in _BREAKS:
            self.texts.append("\n")
        elif tag not in _INLINE:
            self.texts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = None
        elif tag in _BREAKS:
            self.texts.append("\n")
        elif tag not in _INLINE:
            self.texts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        (self.texts if self._unseen is None else self._unseen).append(data)

    def handle_pi(self, data: str) -> None:
        self.texts.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.texts.append(f" {data} ")
