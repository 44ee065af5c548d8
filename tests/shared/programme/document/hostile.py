"""Documents that are meant to cost time or memory. Run as a program: reads each, and prints its cost as JSON lines."""

import json
import resource
import sys
import time
from itertools import product

from shared.programme import ProgrammeRefused, read
from tests.shared.programme.documents import MADISON

KIB = 1024
RAISED = "raised_by = ["


def raised(more: str) -> str:
    assert RAISED in MADISON
    return MADISON.replace(RAISED, RAISED + more + "\n", 1)


def under(header: str, more: str, text: str = MADISON) -> str:
    before, header, after = text.partition(f"[{header}]")
    line, _, rest = after.partition("\n")
    assert header
    return f"{before}{header}{line}\n{more}{rest}"


def rows(count: int, **keys: str) -> str:
    row = {
        "response": '"cares"',
        "districts": '"all"',
        "phase": '"live"',
        "hours": '["daily 00:00-24:00"]',
    } | keys
    text = "[[rollout]]\n" + "\n".join(f"{key} = {value}" for key, value in row.items()) + "\n"
    return MADISON + "\n" + text * count


def ages(count: int) -> str:
    return ",".join(f'{{ age = "{number % 998 + 1} or more" }}' for number in range(count)) + ","


def hours(count: int) -> str:
    lines = (f'"daily {n // 60 % 24:02}:{n % 60:02}-{n // 60 % 24:02}:{n % 60:02}"' for n in range(count))
    return f"[{', '.join(lines)}]"


ALL_CHOICES = (
    'location_kind = "school", consent = "no", relation = "self", resolvable_by_phone = "no", subject_present = "no", '
    'repeat_caller = "no", units_on_scene = "yes"'
)
MANY_DISTRICTS = "\n".join(f'"D{number}" = []' for number in range(990)) + "\n"
FACTS = (("injury", ("none", "minor", "needs-ems")), ("intoxication", ("none", "mild", "severe")),
         ("triage_level", ("1", "2", "3", "4")), ("suicide", ("none", "ideation", "threat-or-plan", "attempt")),
         ("relation", ("self", "family", "bystander", "facility", "officer", "provider")),
         ("location_kind", ("public-outside", "public-inside", "private-residence", "traffic", "school")))  # fmt: skip


def _stated(values: tuple[str, ...]) -> str:
    return ", ".join(f'{fact} = "{value}"' for (fact, _), value in zip(FACTS, values, strict=True))


DIFFERENT_CODES = "".join(
    f'"E{number}" = {{ category = "odd", {_stated(values)} }}\n'
    for number, values in zip(range(3000), product(*(values for _, values in FACTS)), strict=False)
)
MANY_CODES = "".join(f'"C{n}" = {{ category = "mental-health", injury = "minor" }}\n' for n in range(4000))


def texts() -> dict[str, str]:
    """By what they do."""
    return {
        "a dotted key of 200 KB": "a." * (100 * KIB) + "b = 1",
        "a dotted key in a part": MADISON + "\n[clocks]\n" + "a." * (100 * KIB) + "b = 1",
        "a dotted heading of 200 KB": "[" + "a." * (100 * KIB) + "b]",
        "a quoted dotted key": '"a".' * (50 * KIB) + "b = 1",
        "a key of 200 KB": "a" * (200 * KIB) + " = 1",
        "a text of 200 KB": 'default = "' + "a" * (200 * KIB) + '"',
        "an open text of 200 KB": 'default = """' + '\\"""' * (50 * KIB),
        "quotation marks of 200 KB": '"' * (200 * KIB),
        "backslashes of 200 KB": 'a = "' + "\\" * (200 * KIB),
        "deep arrays": "a = " + "[" * (200 * KIB),
        "deep closed arrays": "a = " + "[" * 400 + "]" * 400,
        "deep tables": "a = " + "{a=" * (50 * KIB),
        "many deep arrays": "a = [" + ("[" * 14 + "]" * 14 + ",") * (10 * KIB) + "]",
        "an array of 300 K numbers": "sources = [" + "1," * (300 * KIB) + "]",
        "an array of 90 K numbers": "sources = [" + "1," * 90_000 + "]",
        "90 K wrong crew places": MADISON.replace("crew            = [", "crew = [" + "1," * 90_000),
        "90 K unknown keys": MADISON + "\n[clocks2]\n" + "".join(f"a{n}=1\n" for n in range(45_000)),
        "45 K unknown clocks": MADISON + "\n" + "".join(f"a{n}=1\n" for n in range(45_000)),
        "a long number": "version = " + "9" * 5000,
        "many long numbers": "sources = [" + ("9" * 900 + ",") * 600 + "]",
        "2,000 bounds of age": raised(ages(2000)),
        "600 facts in 190 raised_by": raised(
            '{ weapon = "firearm", violence = "in-progress", crime = "in-progress", injury = "needs-ems" },' * 150
        ),
        "190 bounds of age": raised(ages(190)),
        "190 bounds of age, with all choices": raised(ages(180) + f"{{ {ALL_CHOICES} }},"),
        "190 raises of all choices": raised(f"{{ {ALL_CHOICES} }}," * 60),
        "everything named together": raised(
            f'{{ {ALL_CHOICES}, age = "under 18", triage_level = "3 or worse", intoxication = "severe", '
            'weapon = "firearm", violence = "threat or worse", crime = "in-progress", suicide = "attempt" },'
        ),
        "no call is left calm": raised(
            ages(180) + '{ age = "under 1" }, { location_kind = "school" }, { consent = "no" }, { relation = "self" }, '
            '{ resolvable_by_phone = "no" }, { subject_present = "no" }, { repeat_caller = "no" }, '
            '{ units_on_scene = "yes" },'
        ),
        "4,000 codes that state differently": under("call_types.dane-county", DIFFERENT_CODES, raised(ages(190))),
        "4,000 codes that no level leaves open": under(
            "call_types.dane-county",
            DIFFERENT_CODES.replace("{ category", '{ weapon = "firearm", category'),
            raised(ages(180)).replace('takes           = ["mental-health"', 'takes = ["odd"'),
        ),
        "5,000 rows": rows(5000),
        "300 rows of 1,000 districts": under("districts", MANY_DISTRICTS, rows(290)),
        "300 rows of 50 hours": rows(290, hours=hours(50)),
        "10,000 hours": rows(1, hours=hours(10_000)),
        "300 rows of unknown districts": under(
            "districts", MANY_DISTRICTS, rows(290, districts=str([f"E{n:04}x" for n in range(100)]))
        ),
        "4,000 codes that state": under("call_types.dane-county", MANY_CODES),
        "1,000 open days": MADISON.replace(
            "[2022-02-15]", str([f"{year}-02-15" for year in range(2000, 2199)]).replace("'", "")
        ),
        "200 numbers": MADISON
        + "\n[repeat_callers]\ncalls = 8\nwithin_days = 9\nexcept_numbers = ["
        + ",".join(f'"+1608555{n:04}"' for n in range(999))
        + "]\n",
        "20,000 syntax faults": MADISON + "\n" + "a = b\n" * 20_000,
        "100 KB of open brackets in lines": MADISON + "\n" + "a = [\n" * 10_000,
        "blank lines": "\n" * (900 * KIB),
        "comments": "#" * (900 * KIB),
        "headings": "".join(f"[a{n}]\n" for n in range(90_000)),
        "arrays of tables": "[[level]]\n" * 90_000,
        "long common heading": "".join(f"[a.a.a.a.a.a.a.a.a.a.a.a.a.a.a{n}]\n" for n in range(5_000)),
        "answers that spell out 90 K": MADISON.replace(
            'Q3 = "crime"', 'Q3 = { fact = "crime", ' + ", ".join(f'a{n} = "x"' for n in range(45_000)) + " }"
        ),
        "words of 90 K": MADISON.replace(
            'violence = ["hit"', "violence = [" + ",".join(f'"w{n}"' for n in range(80_000)) + ', "hit"'
        ),
        "beats of 90 K": MADISON.replace('"W2"]', '"W2",' + ",".join(f'"w{n}"' for n in range(80_000)) + "]"),
        "beats of 90 K twice": MADISON.replace('"W2"]', '"W2",' + '"w",' * 80_000 + "]"),
    }


if __name__ == "__main__":
    read(MADISON)
    chosen = texts()
    for name in sys.argv[1:] or chosen:
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        try:
            read(chosen[name])
            faults = []
        except ProgrammeRefused as refused:
            faults = [fault.what for fault in refused.faults]
        seconds = time.process_time() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // KIB
        print(json.dumps({"name": name, "seconds": round(seconds, 2), "mebibytes": grown, "faults": faults}))  # noqa: T201
