"""People and the ways to them at the command line: one by one, and from a file of which every row has to be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import events
from shared.topics import CONTACTS
from tests.services.console.cli.driver import Town
from tests.services.console.stories import person

NUMBER = "+16085550123"
pytestmark = pytest.mark.scenario("contacts")


@pytest.fixture
def town(town: Town) -> Town:
    town.write(person())
    return town


def topics(town: Town) -> str:
    return "\n".join(f"{stored.key} {stored.value!r}" for held in town.city.log.places.values() for stored in held)


def test_a_way_is_set_listed_and_taken_away(town: Town) -> None:
    mobile = ("person", "contact", "set", "ann", "mobile", "--kind", "sms")
    asked = town.run("ann", *mobile, answers=f"{NUMBER}\n")
    assert (asked.exit_code, "They are reached so." in asked.stdout) == (0, True)
    assert town.run("ann", "person", "contact", "set", "ann", "pocket", "--kind", "pocket").exit_code == 0
    later = ("person", "contact", "set", "ann", "home", NUMBER, "--kind", "voice", "--after", "8")
    assert town.run("supervisor", *later).exit_code == 0
    listed = town.run("ann", "person", "contact", "list", "ann").stdout
    assert [word in listed for word in ("mobile", "sms …23", "home", "8 s", "never", NUMBER)] == [True] * 5 + [False]
    assert "sms …23" in town.run("dispatcher", "person", "list").stdout
    assert town.run("ann", "person", "contact", "remove", "ann", "mobile").exit_code == 0
    assert "mobile" not in town.run("ann", "person", "contact", "list", "ann").stdout
    wrong = town.run("ann", "person", "contact", "set", "ann", "mobile", "911", "--kind", "sms")
    assert (wrong.exit_code, "must be a telephone number" in wrong.stderr) == (2, True)
    assert town.run("dispatcher", *mobile, NUMBER).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("list", ""), "'' is no id"),
        (("list", "madison/ann"), "'madison/ann' is no id"),
        (("list", "nobody"), "There is no nobody among the staff."),
        (("set", "ann", "mo bile", NUMBER, "--kind", "sms"), "method_id: must be letters, digits and . _ : @ - alone"),
        (("set", "ann", "mobile", NUMBER, "--kind", "mail"), "is not one of 'sms'"),
        (("set", "ann", "mobile", f"{NUMBER}\u202e", "--kind", "sms"), "must not hold U+202E"),
    ],
)
def test_what_can_be_no_way_is_named_with_what_would_be_right(
    town: Town, arguments: tuple[str, ...], what: str
) -> None:
    result = town.run("supervisor", "person", "contact", *arguments)
    said = " ".join(result.stderr.replace("│", "").split())
    assert (result.exit_code in (1, 2), what in said) == (True, True), said
    assert "call list" not in said.partition("next: ")[2] or result.exit_code == 1
    assert ("/docs" in said, "Input should" in said, town.city.commands()) == (False, False, [])


def test_who_is_erased_is_gone(town: Town) -> None:
    town.run("ann", "person", "contact", "set", "ann", "mobile", NUMBER, "--kind", "sms")
    assert town.run("supervisor", "person", "erase", "ann").exit_code == 2
    assert town.run("supervisor", "person", "erase", "ann", "--reason", "they asked for it").exit_code == 0
    assert town.run("dispatcher", "person", "list").stdout.strip().endswith("Nobody yet.")
    town.city.log.compact(CONTACTS.name)
    assert "ciphertext" not in topics(town)


FILE = """person_id;name;disciplines;languages;sms;voice;email
sal;Sal Quennell;paramedic crisis-worker;en es;(608) 555-0123;608 555 0123;sal@city.example
ben;;emt;;;;

"""


def test_people_come_from_a_file_once_it_has_been_looked_at(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE, "utf-8-sig")
    before = topics(town)
    looked = town.run("supervisor", "person", "import", str(file))
    assert (looked.exit_code, looked.stdout) == (
        0,
        "2 people and 3 ways to them: every row is right. Nothing is done yet: say --apply.\n",
    )
    assert topics(town) == before
    done = town.run("supervisor", "person", "import", str(file), "--apply", "--voice-after", "9")
    assert (done.exit_code, done.stdout) == (0, "2 people and 3 ways to them are in.\n")
    people = {seen["person"]["person_id"]: seen for seen in town.json("dispatcher", "person", "list")}
    assert (people["sal"]["person"]["name"], people["sal"]["person"]["languages"]) == ("Sal Quennell", ["en", "es"])
    ways = [(way["kind"], way["shown"], way["after_seconds"]) for way in people["sal"]["contacts"]]
    assert ways == [("email", "…@city.example", 0), ("sms", "…23", 0), ("voice", "…23", 9)]
    assert [hidden in topics(town) for hidden in ("Quennell", "5550123", "sal@city")] == [False] * 3
    commands = len(town.city.commands())
    assert town.run("supervisor", "person", "import", str(file), "--apply").exit_code == 0
    assert len(town.city.commands()) == commands + 5  # the same file again is harmless


def test_what_is_doubtful_about_an_address_is_said_by_line_though_it_is_taken(town: Town, tmp_path: Path) -> None:
    """A number that was filled down a column pages somebody else, and nobody heard so."""
    file = tmp_path / "people.csv"
    file.write_text(
        "person_id,disciplines,sms,voice\nsal,paramedic,+442079460123,\ntim,emt,+16085550177,+442079460123\n"
    )
    town.city.services.reached = "They are reached so. The same address is that of tim: is that so?"
    done = town.run("supervisor", "person", "import", str(file), "--apply")
    assert (done.exit_code, done.stdout) == (0, "2 people and 3 ways to them are in.\n")
    same = "The same address is that of tim: is that so?"
    assert done.stderr.splitlines() == [
        f"look line 2, sms: {same} That looks like a landline, to which no text goes.",
        f"look line 3, sms: {same}",
        f"look line 3, voice: {same}",
    ]


WRONG = """person_id,name,disciplines,sms,email
sal,Sal,paramedic,911,sal
b n,,emt,,
cho,Cho,plumber,,
dee,Dee,emt
sal,Sal,emt,,
"""


def test_each_wrong_row_is_named_by_line_and_field_and_nothing_is_done(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(WRONG)
    before = topics(town)
    result = town.run("supervisor", "person", "import", str(file), "--apply")
    assert (result.exit_code, result.stdout) == (1, "")
    faults = [line.removeprefix("refused ").split(":")[0] for line in result.stderr.splitlines() if "refused" in line]
    assert faults == [
        "line 2, email",
        "line 2, person_id",
        "line 2, sms",
        "line 3, person_id",
        "line 4, disciplines",
        "line 5, row",
        "line 6, person_id",
    ]
    assert "line 2, sms: must be a telephone number such as +16085550123" in result.stderr
    assert topics(town) == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: the columns must be"),
        (b"person_id,disciplines,shoe_size\n", "once each ('shoe_size' is none)"),
        ("person_id,disciplines\nsal,emt\nbe\u202en,emt\n".encode(), "line 3, person_id: must not hold U+202E"),
        (b"person_id,disciplines\nan n,emt\n", "line 2, person_id: must be letters, digits and . _ : @ - alone"),
        (b"person_id,disciplines\n" + b"a" * 81 + b",emt\n", "line 2, person_id: must have 80 or fewer characters"),
        (b"person_id,disciplines\nann,\n", "line 2, disciplines: must have 1 or more"),
        (b"person_id,disciplines\n", "the file has no row"),
        (b'person_id,disciplines\n"sal,emt', "line 2"),
        ("person_id,disciplines,name\nsal,emt,Zoë\n".encode("latin-1"), "not in UTF-8"),
        (b"person_id,disciplines\n" + b"x" * 1024 * 1024, "more than 1,048,576 bytes"),
    ],
)
def test_what_is_no_list_of_people_is_refused_as_a_whole(town: Town, tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    result = town.run("supervisor", "person", "import", str(file), "--apply")
    assert (result.exit_code, why in result.stderr.replace("\n", " ")) == (1, True)


def test_what_is_refused_half_way_says_where_it_stopped(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(FILE)
    town.city.services.full = True
    result = town.run("supervisor", "person", "import", str(file), "--apply")
    assert (result.exit_code, "The lines before 2 are in." in result.stderr) == (1, True)
    town.city.services.full = False
    assert town.run("supervisor", "person", "import", str(file), "--apply").exit_code == 0
    assert events.DefinePerson in {type(command) for command in town.city.commands()}
