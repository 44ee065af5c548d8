"""Words of a narrative: whole, in any case, never clearing anything."""

import time

import pytest

from shared.programme import words_in
from shared.programme.judging.normal_forms import spoken
from tests.shared.programme.documents import MADISON, programme

TEXT = MADISON.replace('weapon = ["knife", "gun"]', 'weapon = ["knife", "gun", "box cutter"]')


@pytest.mark.parametrize(
    ("narrative", "hazards"),
    [
        ("", set()),
        ("he has a KNIFE.", {"weapon"}),
        ("no gun seen", {"weapon"}),  # negation is not read
        ("knife-wielding, threw a chair", {"weapon", "violence"}),
        ("begun gunner", set()),
        ("a Box\n cutter", {"weapon"}),
        ("a box, then a cutter", set()),
        ("\uff47\uff55\uff4e and kni\u00adfe", {"weapon"}),
        ("_gun_", {"weapon"}),
    ],
)
def test_words(narrative: str, hazards: set[str]) -> None:
    assert words_in(programme(TEXT), narrative) == hazards


@pytest.mark.parametrize("narrative", ["他手里有刀", "有 刀", "男子持手枪", "มีมีดในมือ", "ナイフを持っている"])
def test_words_of_scripts_without_blanks_are_found_within_a_sentence(narrative: str) -> None:
    """A document's word was found where it stood alone: 他有刀 was one word."""
    text = MADISON.replace('weapon = ["knife", "gun"]', 'weapon = ["knife", "gun", "刀", "手枪", "มีด", "ナイフ"]')
    assert words_in(programme(text), narrative) == {"weapon"}
    assert not words_in(programme(text), "他很平静 手 和枫树")


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("OPEN CARRY", {"weapon"}),
        ("ADMIN FND UNEXPL ORDNAN", {"weapon"}),
        ("*ABUSE/ABAND/NEGL IN PROGRESS", {"violence"}),
        ("ABUSE OF ELDER ADULT", {"violence"}),
        ("BATTERY REPORT", {"violence"}),
        ("CHILD (OFFENSES AGAINST)", {"violence"}),
        ("--COMMERCIAL SEXUAL EXPLOITATION OF MINORS (CSEC)", {"violence"}),
        ("COVER NOW-COST RECOVERY", {"violence"}),
        ("PERSONNEL IN TROUBLE", {"violence"}),
        ("HAZ - IMMINENT THRT TO PHYS SAFETY (NO HAZ MAT)", {"violence", "crime"}),
        ("TARASOFF REPORT", {"violence"}),
        ("--DISTURBANCE - GANG RELATED", {"violence"}),
        ("INTERFERE W/EMERGENCY CALL", {"violence"}),
        ("his voices telling him what to do, she was touched inappropriately", {"violence"}),
        ("AGGRAVATED ARRSON", {"crime"}),
        ("BUSINESS BUGLARY", {"crime"}),
        ("11R/01 - BURG OF RES", {"crime"}),
        ("LARCENY I/P OR J/H", {"crime"}),
        ("41/31 - CRIM MISCHIEF", {"crime"}),
        ("BREAKING & ENTERING AUTO RPT", {"crime"}),
        ("ALARM COM HOLD/PAN/DUR", {"crime"}),
        ("211 SUSPECT THERE NOW", {"crime"}),
        ("FORGERY OF RX-SUSP THERE NOW", {"crime"}),
        ("MISSING - CHILD", {"crime"}),
        ("AMBER ALERT INFO", {"crime"}),
        ("UUMV", {"crime"}),
        ("GRASS OR RUBBISH FIRE", {"crime"}),
        ("SMOKE INVESTIGATION", {"crime"}),
        ("HAZARDOUS/CHEMICAL SPILL", {"crime"}),
        ("DOWN - CHECK FOR PERSON DOWN", {"injury"}),
        ("ONE DOWN OR OVER THE WHEEL", {"injury"}),
        ("DECEASED PERSN SUSPICIOUS", {"injury"}),
        ("LIFE STATUS QUESTIONABLE DELTA", {"injury"}),
        ("AMBULANCE NEEDED", {"injury"}),
        ("TRAFFIC ACC/H&R/UNK INJ", {"injury"}),
        ("AID MOTORIST CHILD LOCKED INSD", {"injury"}),
        ("CHILD(REN) HOME ALONE", {"injury"}),
        ("36/01 - ABAND CHILD CRITICAL", {"injury"}),
        ("TRAFFIC ACC/SINKIN VEH E1", {"injury"}),
        ("ANIMAL BITE", {"injury"}),
        ("baby left in the car, she is yelling for help", {"injury", "violence"}),
    ],
)
def test_words_of_children_of_fire_and_of_who_is_down_that_were_not_found(text: str, hazards: set[str]) -> None:
    """Call types of five cities and San Diego, and what callers say, that a call taker would ask about."""
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("121C_Mental Disordr N-Viol Wpn", {"weapon"}),
        ("ASLT - IP/JO - W/O WPNS", {"weapon", "violence"}),
        ("121D_Mental Disorder Violnt", {"violence"}),
        ("GSW to the leg", {"weapon", "injury"}),
        ("hung himself", {"suicide"}),
    ],
)
def test_words_that_cads_cut_short_are_hazard_words(text: str, hazards: set[str]) -> None:
    """Call types of Charleston and Seattle, as they publish them."""
    assert words_in(programme(TEXT), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("SIMPLE BATTERY", {"violence"}),
        ("114D_Domestic Physical", {"violence"}),
        ("DV PRS WITH A WEAP I/P-J/H", {"weapon", "violence"}),
        ("AGGRAVATED BATTERY BY CUTTING", {"violence"}),
        ("136E_Active Assailant", {"violence"}),
        ("CAR JACKING - NO WEA", {"crime"}),
        ("HOLD UP ALARM AND MOW", {"crime"}),
        ("PROWLER - IP/JO", {"crime"}),
        ("RESIDENTIAL STRUCTURE FIRE", {"crime"}),
        ("*Bridge Jumper_Law", {"suicide"}),
        ("BREATHING PROBLEMS DELTA", {"injury"}),
        ("FALL W SERIOUS HEMORRHAGE", {"injury"}),
        ("has a machette and a 9mm", {"weapon"}),
        ("going after staff with a bat", {"weapon"}),
        ("is threatning people, aggresive", {"violence"}),
        ("he pushed his mother, then bit her", {"violence"}),
        ("physical altercation", {"violence"}),
        ("unconcious, lips are blue", {"injury"}),
        ("won't wake up", {"injury"}),
        ("trouble breathing, chest pains", {"injury"}),
        ("O/D, took the whole bottle", {"injury"}),
        ("walking into traffic", {"suicide"}),
        ("rope around his neck", {"suicide"}),
        ("will end it all, has a plan", {"suicide"}),
        ("se va a tirar del puente", {"suicide"}),
        ("hubo un tiroteo", {"weapon"}),
        ("la empujó", {"violence"}),
        ("no puede respirar", {"injury"}),
    ],
)
def test_words_of_call_types_and_of_callers_that_were_not_found(text: str, hazards: set[str]) -> None:
    """The call types are published ones: 61,000 calls of "SIMPLE BATTERY", and none of it was a hazard word."""
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("MALE W/ BAT", {"weapon"}),
        ("has a bb-gun or an x-acto", {"weapon"}),
        ("swinging? no, with a rock", {"weapon", "violence"}),
        ("SWAT requested, standoff", {"weapon", "violence"}),
        ("10-32 AT THE PARK", {"weapon"}),
        ("245 - ADW", {"weapon"}),
        ("FIRING AT OCCP'D HSE/VEH", {"weapon"}),
        ("LARGE DISTURBANCE, SHOTS HEARD", {"weapon"}),
        ("113D_Disturbnce Physical Sm Wp", {"weapon", "violence"}),
        ("135D_Weapns ShotsFiredSuspSeen", {"weapon"}),
        ("MALE WITH A KINFE", {"weapon"}),
        ("PPO violation", {"violence"}),
        ("violating a restraining order", {"violence"}),
        ("he tried to run over his brother", {"violence", "injury"}),
        ("rammed the gate", {"violence"}),
        ("won't let her leave", {"violence"}),
        ("SI/HI", {"violence"}),
        ("117D_Explosion Low Life", {"weapon", "injury"}),
        ("pouring gasoline in the hall", {"crime", "suicide"}),
        ("will burn the house down", {"violence"}),
        ("suicide by cop", {"suicide"}),
        ("trae un machetazo en la mano", {"weapon", "injury"}),
        ("con un palo", {"weapon"}),
        ("se oyó una balacera", {"weapon", "violence", "injury"}),
        ("esta atrincherado", {"violence"}),
        ("hay fuego", {"crime"}),
    ],
)
def test_words_of_weapons_of_vehicles_and_of_orders_that_were_not_found(text: str, hazards: set[str]) -> None:
    """What dispatchers write and cities publish: a call of it was calm."""
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    "text",
    [
        "MENTAL PATIENT",
        "SERVICE - WELFARE CHECK",
        "PERSON IN BEHAVIORAL/EMOTIONAL CRISIS",
        "Phone battery is low. Pushing a cart of cans, hanging around the shelter.",
        "Took his pills this morning, lost his wallet, has no plans for the night. Fell asleep on a bench.",
        "Diabetic, pregnant, was hung up on. Her mother died last year.",
        "Was fired on Monday, is tied up at work, came after dinner with a bottle of water, charging the phone.",
        "Thinks that people follow him. Lives at 357 Main, sits by the broken glass at the bus stop.",
        "Sleeps in the parking garage, camps near the freeway. Holds a cup in his hand and waves at cars.",
        "Off her meds, hears voices, heart is pounding. Refuses to leave the library. Slammed with work.",
        "Walks in and out of the store in a blue in-line jacket, behind bld 3 with an umbrella and a plastic bag.",
        "Uses a walker, or goes with a cane. Looks out the window at the cell tower, says that it talks to him.",
        "Just out of prison, camps near the interstate, was here a handful of times. His story is inconsistent.",
        "Walks down the street with a man, feels trapped in her marriage. Her kids left for school.",
        "Sleeps in the car with her kids. Left her meds in the car. Substance abuse years ago. Hears voices at night.",
        "Asks for a smoke in the yard, at the fire station. Was in an accident of timing. Missing her children.",
        "Vecino grita y esta sentado bajo un puente. Tiene piedras en el riñon. Trae playera morada.",
    ],
)
def test_words_of_calm_calls_are_none(text: str) -> None:
    assert words_in(programme(MADISON), text) == set()


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("he has a 🔪 and🔫\ufe0f", {"weapon"}),
        ("⚔️", {"weapon"}),
        ("OFFICER NEEDS ASSISTANCE, LIFE IN DANGER", {"violence"}),
        ("OFFICER NEED ASSISTA", {"violence"}),
        ("SHOTS J/H, EVIDENCE, REPT", {"weapon"}),
        ("THEFT FROM PERSON-PURSE SNATC", {"crime"}),
        ("CHILD / ADULT ABUSE REPORT", {"violence"}),
        ("CRUELTY TO JUVENILES", {"violence"}),
        ("114D_Family Physical", {"violence"}),
        ("42FP - FOOT PURSUIT", {"crime"}),
        ("UNLAWFUL RESTRAINT", {"violence"}),
        ("reaching in his waistband", {"weapon"}),
        ("rock in hand, ran at me", {"weapon", "violence"}),
        ("my husband wont let me out", {"violence"}),
        ("cant breath", {"injury"}),
        ("belt around, standing on the edge", {"suicide"}),
        ("on the overpass", {"suicide"}),
    ],
)
def test_words_of_types_of_five_cities_and_of_texts_to_911_that_were_not_found(text: str, hazards: set[str]) -> None:
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("AUTO THEFT - UUMV", {"crime"}),
        ("43 - ROAD RAGE", {"violence"}),
        ("FIREBOMB", {"weapon", "crime"}),
        ("100E_Caller in Imminent Danger", {"violence"}),
        ("poss armd, has something in his hands", {"weapon"}),
        ("PANIC ALARM", {"violence"}),
        ("waving a pole, got in my face", {"weapon", "violence"}),
        ("has her by the throat", {"violence"}),
        ("baracaded, let anyone leave? no", {"violence"}),
        ("slammed her into the wall", {"violence"}),
        ("strong odor of natural gas", {"crime"}),
        ("playing with matches in bed", {"crime"}),
        ("took a handful of xanax", {"injury", "suicide"}),
        ("lacs to forearm, blood on the floor", {"injury"}),
        ("pt slumped over, barely breathing", {"injury"}),
        ("in and out of consc", {"injury"}),
        ("chst pain, clammy", {"injury"}),
        ("banging his head on the wall", {"injury"}),
        ("has a rope in the garage", {"suicide"}),
        ("wants to off himself", {"suicide"}),
        ("sitting on the railing", {"suicide"}),
        ("walking on the freeway", {"suicide"}),
        ("trae un palo y vidrio", {"weapon"}),
        ("nos apuntó y dispararon", {"weapon"}),
        ("le quiere hacer daño", {"violence"}),
        ("la tiene encerrada, no la deja salir", {"violence"}),
        ("huele a gas", {"crime"}),
        ("se tomó todas las pastillas", {"injury", "suicide"}),
        ("no reacciona, esta morado", {"injury"}),
        ("está en la azotea con una soga", {"suicide"}),
        ("caller whispering, hiding in the closet", {"violence"}),
        ("open line, heard screaming", {"violence"}),
        ("mother is afraid of her son, he is in a rage", {"violence"}),
        ("has command hallucinations", {"violence"}),
        ("has a lighter in hand", {"crime"}),
        ("foaming, used fentanyl", {"injury"}),
        ("has been cutting tonight", {"injury", "suicide"}),
        ("car running in the garage", {"suicide"}),
        ("posted goodbye, counting pills", {"suicide"}),
        ("standing in the river", {"suicide"}),
    ],
)
def test_words_of_dispatchers_and_of_callers_in_danger_that_were_not_found(text: str, hazards: set[str]) -> None:
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("[10:32:15] CALLER STATES HER SON IS SAD", set()),
        ("1/5/2026 10:32:07AM RP CALLED BACK", set()),
        ("2026-01-05 10:32:00.000-06:00 quiet now", set()),
        ("10:32:44 magnum in his belt", {"weapon"}),
        ("[10:32:15] SUBJ 10-32", {"weapon"}),
        ("subj is 10 32", {"weapon"}),
        ("10-32 15 yo male", {"weapon"}),
        ("10-32:15 yo male", {"weapon"}),
        ("units at 10 32 am requesting cover", {"weapon"}),
        ("son was 10 32 hrs ago, calm now", {"weapon"}),
        ("dictated: he is 10:32 in the yard", {"weapon"}),
        ("10:32:150", {"weapon"}),
        ("7:10:32:15", {"weapon"}),
    ],
)
def test_a_time_of_day_to_the_second_is_no_ten_code(text: str, hazards: set[str]) -> None:
    """The stamp of a line put weapons in doubt once a day; what may be a ten-code still does."""
    assert words_in(programme(MADISON), text) == hazards


def test_a_sign_that_stands_for_a_phrase_is_not_written_out() -> None:
    """A narrative of U+FDFA, which stands for eighteen letters, took a second: more than a decision has."""
    text = "\ufdfa\u3316" * 1000
    assert sum(map(len, spoken(text))) <= len(text)
    assert spoken("a ri\ufb02e, \u24c0nife") == ["a", "rifle", "knife"]


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("took 20 pills", {"injury"}),
        ("with 2 rocks", {"weapon"}),
        ("2 shots fired", {"weapon"}),
        ("he shot her and ran", {"weapon", "injury"}),
        ("RP SAYS SOMEONE SHOT, MALE SHOT IN LEG", {"weapon", "injury"}),
        ("neighbor shot at the house", {"weapon"}),
        ("he shot up an hour ago, due for his flu shot", set()),
        ("goes on to 3rd, 4 tracks further", set()),
        ("SUBJ W/KNF, something shiny", {"weapon"}),
        ("refuses to show hands", {"weapon"}),
        ("PHYS ALT JUST OCC", {"violence"}),
        ("D/V", {"violence"}),
        ("voices telling her to harm the baby", {"violence"}),
        ("says everyone is going to die", {"violence"}),
        ("going to take them all out", {"violence"}),
        ("CTB tonight, SI w/ means", {"suicide"}),
        ("escucha voces que le dicen que mate", {"violence"}),
        ("trae cuchiyo", {"weapon"}),
    ],
)
def test_what_dispatchers_shorten_and_how_many_there_are_hides_no_word(text: str, hazards: set[str]) -> None:
    """`took pills` was a word, and `took 20 pills` none."""
    assert words_in(programme(MADISON), text) == hazards


@pytest.mark.parametrize(
    ("text", "hazards"),
    [
        ("w/2knives", {"weapon"}),
        ("a%20gun", {"weapon"}),
        ("1BLEEDING", {"injury"}),
        ("25yom at 1st and 3rd, 5150, plate 7HIT234, unit 12B, 100lbs", set()),
        ("9mm", {"weapon"}),
    ],
)
def test_digits_before_a_word_do_not_hide_it(text: str, hazards: set[str]) -> None:
    """Who types fast leaves no blank."""
    assert words_in(programme(MADISON), text) == hazards


def test_long_text_takes_bounded_time() -> None:
    began = time.perf_counter()
    words_in(programme(TEXT), "box " * 100_000)
    assert time.perf_counter() - began < 2
