from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.html_text import plain_text, readings
from shared.programme.judging.normal_forms import spoken


@pytest.mark.parametrize(
    ("narrative", "seen"),
    [
        ("nothing special", "nothing special"),
        ("a kn<b>ife</b> &amp; a<br>gun", "a knife & a\ngun"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<script>alert(1)</script>text", "text"),
        ("<style>a{}</style>text", "text"),
        ("<script>never closed: knife", "never closed: knife"),
        ("<gun in hand> seen", "<gun in hand> seen"),
        ("</knife> seen", "</knife> seen"),
        ("<?gun> seen", "<?gun> seen"),
        ("<20 years, a knife", "<20 years, a knife"),
        ("<![CDATA[knife]]>", "<![CDATA[knife]]>"),
        ("<!-- unseen -->seen", "seen"),
        ("&lt;knife&gt;", "<knife>"),
    ],
)
def test_what_a_reader_sees(narrative: str, seen: str) -> None:
    assert plain_text(narrative) == seen


WORD = "knife"
INLINE = ("b", "i", "span", "font color='red'", 'a href="x>y"', "EM", "wbr")
AROUND = ("p", "div", "td", "li", "b", "gun in hand", "script", "style", "x:y", "br")


@st.composite
def split_words(draw: st.DrawFn) -> str:
    """The word, its letters parted by inline tags and comments, or written as references."""
    parts = []
    for letter in WORD:
        written = draw(
            st.sampled_from(
                (letter, letter.upper(), f"&#{ord(letter)};", f"&#x{ord(letter):x};", f"&#000{ord(letter)};")
            )
        )
        tag = draw(st.sampled_from(("", "", "<{}>", "</{}>", "<!-- x -->", "<wbr/>", "\u200b")))
        parts.append(written + tag.format(draw(st.sampled_from(INLINE))))
    return "".join(parts)


@st.composite
def markup(draw: st.DrawFn) -> tuple[str, str]:
    """Something like mark-up, and the same with the word somewhere in it, apart from other letters."""
    piece = st.one_of(
        st.sampled_from(AROUND).flatmap(
            lambda tag: st.sampled_from((f"<{tag}>", f"</{tag}>", f"<{tag} ", f"<{tag}/>"))
        ),
        st.sampled_from(
            ("<!--", "-->", "<", ">", "&", "&amp;", "&lt;", '"', "'", "<?", "<![CDATA[", "]]>", " calm ", "\n")
        ),
    )
    before, after = draw(st.lists(piece, max_size=6)), draw(st.lists(piece, max_size=6))
    return "".join((*before, " ", *after)), "".join((*before, " ", draw(split_words()), " ", *after))


@settings(max_examples=500)
@example(("<p  -->", "<p  knif&#101; -->"))
@given(markup())
def test_no_markup_hides_a_word(texts: tuple[str, str]) -> None:
    without, with_word = texts
    assert any(WORD in spoken(text) for text in readings(with_word)), with_word
    assert not any(WORD in spoken(text) for text in readings(without))


@pytest.mark.parametrize(
    ("narrative", "word"),
    [
        (r"has a\nknife", "knife"),
        (r"has a\r\nknife\tat home", "knife"),
        (r"\u006bnife", "knife"),
        (r"\u003cb\u003ekn\u003c/b\u003eife", "knife"),
        (r"un pu\u00f1al", "punal"),
        (r"\ud83d\udd2a", "🔪"),
        (r"half a sign \ud83d, a knife", "knife"),
        (r"{\rtf1\ansi un pu\'f1al\par}", "punal"),
        (r"{\rtf1\ansi has a \'93knife\'94\par}", "knife"),
        (r"C:\notes\knife", "knife"),
    ],
)
def test_no_escape_hides_a_word(narrative: str, word: str) -> None:
    """Of a CAD that escapes twice each line began with an `n`, and `\\ngun` was no gun."""
    assert any(word in spoken(text) for text in readings(narrative))


@pytest.mark.parametrize(
    "unit",
    ["<a ", "<!--", "&", "<", "</", "<!", "<b>", "<p>", "<script>", "</script>", "<a href='", '<a "', "&amp;", "&#",
     "&#0", "&#49;",
     "<!-- -->", "<script></script>", "-->", '<a b="x" ', "<div ' ", "<style>", "&notit", "<div><b>", "</b>"],
)  # fmt: skip
def test_F1_a_text_of_a_quarter_of_a_megabyte_is_read_in_linear_time(unit: str) -> None:  # noqa: N802
    """F1: `"<a " * 16000` took 30 s. Four times the text may take eight times as long, and 50 ms on an idle core."""
    size = 2**18

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        took = []
        for _ in range(3):
            began = time.process_time()
            plain_text(text)
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(size) < max(0.05 * SLACK, 8 * seconds(size // 4))
    assert seconds(size) < 1


SLACK = 3
"""Other work on the machine makes a core slower than it is."""


@pytest.mark.parametrize(
    "reference", ["&#" + "1" * 100_000 + ";", "&#" + "0" * 100_000 + "107;nife", "&" + "a" * 100_000]
)
def test_no_reference_is_too_long_to_be_read(reference: str) -> None:
    assert plain_text(reference) in (reference, "knife")
