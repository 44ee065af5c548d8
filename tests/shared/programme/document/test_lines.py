"""Lines of a TOML text, whatever way it is written."""

import tomllib

import pytest

from shared.programme.document.lines import Lines, Path

TEXT = '''\
a = 1 # [x]
"quoted key" = "]] # \\" not a comment"
b.c = 2021-09-01 10:00:00
multi = """
[not.a.table]
d = 1"""
literal = \'\'\'one # two\'\'\'
[t."u v"]
x = [ # [
  { y = 1, z = { w = "}" } },
  { y = [1, 2,
         3] },
]
[[list]]
n = 1
[[list]]
n = 2
sub = { k = true }
[list.deep]
m = 3
[[list.more]]
o = 4
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("quoted key",), 2),
        (("b", "c"), 3),
        (("multi",), 4),
        (("literal",), 7),
        (("t", "u v"), 8),
        (("t", "u v", "x", 0, "z", "w"), 10),
        (("t", "u v", "x", 1, "y", 1), 11),
        (("t", "u v", "x", 1, "y", 2), 12),
        (("t", "u v", "x", 7), 9),
        (("list", 0, "n"), 15),
        (("list", 1), 16),
        (("list", 1, "sub", "k"), 18),
        (("list", 1, "deep", "m"), 20),
        (("list", 1, "more", 0, "o"), 22),
        (("nowhere",), 1),
    ],
)
def test_lines(path: Path, line: int) -> None:
    tomllib.loads(TEXT)
    assert Lines(TEXT).at(path) == line
    assert Lines(TEXT.replace("\n", "\r\n")).at(path) == line
