from __future__ import annotations

import pytest

from shared.html_text import plain_text


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
        ("<![CDATA[knife]]>", "CDATA[knife"),
        ("<!-- unseen -->seen", "seen"),
        ("&lt;knife&gt;", "<knife>"),
    ],
)
def test_what_a_reader_sees(narrative: str, seen: str) -> None:
    assert plain_text(narrative) == seen
