"""What the page of an accepted document says of what is heard, and what a manager may not have meant."""

from datetime import date

import pytest

from shared.judgement import NOT_ROUTED
from shared.programme import Programme, read
from shared.programme.judging.facts import HAZARDS
from shared.programme.trying.difference import difference
from shared.programme.trying.heard import heard_lines
from shared.programme.trying.page import Page, page
from tests.shared.programme.documents import BOSTON, MADISON
from tests.shared.programme.generated import CALM, PRESETS, judged_by, preset
from tests.shared.programme.test_all_presets import call_in


def told(text: str) -> Page:
    return page(read(text), date(2021, 10, 1))


def test_each_answer_says_what_it_states_and_where_that_puts_a_call() -> None:
    lines = {line.name: line for line in told(BOSTON).heard}
    of_suicide = {item.word: (item.states, item.level) for item in lines["Q5"].statements}
    assert of_suicide["yes"] == ("attempt", "police or ambulance needed")
    assert of_suicide["no"] == ("none", "no safety risk")
    assert of_suicide["threat-or-plan"] == ("threat-or-plan", "safety risk")
    assert of_suicide["cannot-tell"] == ("unknown, which counts as attempt", "police or ambulance needed")
    assert of_suicide["not-asked"] == of_suicide["cannot-tell"]


def test_every_word_that_is_listened_for_stands_on_the_page_stems_too() -> None:
    """`machete*` and all other words that stand for those that begin so were not told."""
    words = next(line.name for line in told(MADISON).heard if line.kind == "words" and line.about == "weapon")
    assert {"knife", "machete*", "shots fired", "box cutter*"} <= set(words.split(", "))


def test_hours_that_were_meant_to_restrict_others_and_clocks_without_summer_are_told() -> None:
    lines = MADISON.replace('"Mon-Fri 11:00-19:00"', '"Mon-Fri 11:00-19:00", "Fri 12:00-17:00", "Sat,Sun 12:00-17:00"')
    assert [line for line in told(lines).remarks if "changes nothing" in line] == [
        "cares: Fri 12:00-17:00 changes nothing, Mon-Fri 11:00-19:00 is open then too: lines of hours add up"
    ]
    assert [line for line in told(MADISON.replace("America/Chicago", "EST")).remarks if "no summer time" in line]
    quiet = (*told(MADISON).remarks, *told(MADISON.replace("America/Chicago", "CST6CDT")).remarks)
    assert not [line for line in quiet if "changes nothing" in line or "no summer time" in line]


@pytest.mark.parametrize("name", PRESETS)
def test_a_call_stands_where_the_page_says_that_an_answer_puts_it(name: str) -> None:
    """Every answer of every preset, with all other hazards calm."""
    programme = preset(name)
    for line in heard_lines(programme):
        if line.kind == "question" and line.about.replace(" ", "_") in HAZARDS:
            for statement in line.statements:
                judgement = answered(programme, line.name, line.about.replace(" ", "_"), statement.word)
                assert judgement == statement.level, (line.name, statement)


def answered(programme: Programme, question: str, hazard: str, word: str) -> str:
    at, district = programme.effective, min(programme.districts)
    calm = {fact: value for fact, value in CALM.items() if fact != hazard}
    fields = call_in(programme, at, district, ("cad", "UNLISTED"), facts=calm)
    return judged_by(programme, fields | {"answers": {question: word}}).level


def test_what_is_weaker_and_named_as_meant_is_told() -> None:
    partly = MADISON.replace('Q5 = "suicide"', 'Q5 = { fact = "suicide", yes = "ideation", asks = "partly" }')
    text = partly.replace('weapon = ["knife"', 'suicide = ["pills"], weapon = ["knife"')
    assert told(text).weaker == ("Q5: yes is only ideation", "ASSAULTIVE: violence is only past")


def test_words_that_count_everywhere_else_are_told_as_weaker() -> None:
    """A document without `pistol*` said so nowhere on its page; `gun` it lists itself."""
    text = MADISON.replace("words    =", 'not_words = ["pistol*", "overdos*", "gun"]\nwords    =')
    assert told(text).weaker[1:] == (
        "pistol*: puts weapon in doubt no more",
        "overdos*: puts injury and suicide in doubt no more",
    )


def test_a_response_that_the_chain_never_comes_to_is_remarked() -> None:
    same, after, default = (f'{{ try = "{step}"{more} }}' for step, more in STEPS)
    remark = "level safety risk: ask-co-response is asked only where nothing before it may go"
    assert not any(remark in line for line in told(BOSTON).remarks)
    shorter = BOSTON.replace(f"{same}, {after}, {default}", f"{same}, {default}")
    assert shorter != BOSTON
    assert [line for line in told(shorter).remarks if remark in line]
    phone = BOSTON.replace(f"{same}, {after}, {default}", f'{same}, {{ try = "phone", seconds = 25 }}, {default}')
    asked = [line for line in told(phone).remarks if "is asked only where" in line]
    assert len(asked) == 1
    assert remark in asked[0], "the line is reached by phone; the car is not"


STEPS = (("same response", ", seconds = 25"), ("next response", ", seconds = 25"), ("default", ""))


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_remarked_as_never_asked_stands_behind_another_response(name: str) -> None:
    programme = preset(name)
    nexts = sum(step.attempt == "next response" for step in programme.steps)
    for remark in page(programme, date(2024, 1, 1)).remarks:
        if "is asked only where" in remark:
            level_name, response = remark.removeprefix("level ").split(": ")[0], remark.split(": ")[1].split(" ")[0]
            level = next(level for level in programme.levels if level.name == level_name)
            routed = [sent for sent in level.sends if programme.responses[sent].reached_by not in NOT_ROUTED]
            assert routed.index(response) > nexts


def test_a_difference_leaks_no_numbers_of_the_implementation() -> None:
    spelt = MADISON.replace('Q6 = "x"', "").replace(
        'Q3 = "crime"', 'Q3 = { fact = "crime", yes = "in-progress", some = "reported" }'
    )
    (change,) = difference(read(MADISON), read(spelt)).changes
    assert "some = reported" in change.after
    assert "not-asked = nobody asked" in change.after
    assert "-1" not in change.before + change.after


def test_a_cap_that_rows_share_is_told_with_its_districts() -> None:
    row = '[[rollout]]\nresponse = "cares"\ndistricts = ["West"]\nphase = "shadow"\nhours = ["daily 00:00-24:00"]\n'
    text = MADISON.replace('phase     = "live" ', 'cap = "team"\nphase     = "live" ')
    text = text.replace("[when_no_team]", f'{row}cap = "team"\n[caps.team]\nat_most_open = 2\n[when_no_team]')
    assert [line.caps for line in told(text).rollout] == ["at most 2 calls at once, over Central, West together"] * 2
