"""What the model says, as text."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.capacity.answers import Answers
from deploy.capacity.figures import Line
from deploy.capacity.inputs import Measured
from deploy.capacity.plan import Choice

NAME, VALUE, UNIT = 46, 11, 10
WIDTHS = (6, 10, 8, 7, 11, 9, 12)
COLUMNS = ("mean", "busiest h", "surge")


def text(found: Answers, measured: Measured) -> str:
    """Some pages: every figure with its arithmetic."""
    return "\n".join([*_lines(found, measured)]) + "\n"


def _lines(found: Answers, measured: Measured) -> Iterator[str]:
    run = measured.run
    yield f"Measured on {run.date} at {run.commit}, on {run.machine}, under a load of {run.load_average:g}:"
    yield f"{run.calls}."
    for group, lines in found.figures.items():
        yield f"\n{group:<{NAME}}{''.join(f'{column:>{VALUE}}' for column in COLUMNS)}"
        yield from map(_line, [""] + [line.name for line in lines], lines)
    yield "\nHow many partitions, and in how many cells each process keeps within its memory and core"
    yield from _choices(found.choices)
    yield "\nWhat breaks first in a cell: how many times this surge it bears"
    for limit in found.limits:
        yield f"  {amount(limit.bears):>8} x  {limit.name}: {amount(limit.need)} of {amount(limit.limit)} {limit.unit}"
    yield "\nSo"
    yield from (f"  {sentence}" for sentence in sentences(found))
    yield "\nLeft out"
    yield from (f"  {item}" for item in found.left_out)


def _line(above: str, line: Line) -> str:
    service, colon, rest = line.name.partition(": ")
    name = f"  {rest}" if colon and above.startswith(f"{service}: ") else line.name
    first = "" if len(line.values) > 1 else " " * 2 * VALUE
    values = first + "".join(f"{amount(value):>{VALUE}}" for value in line.values)
    return f"{'  ' + name:<{NAME}}{values} {line.unit:<{UNIT}} {line.how}".rstrip()


def _choices(choices: list[Choice]) -> Iterator[str]:
    heads = "number hottest core cells processes brokers cost"
    yield "  " + "".join(f"{head:>{width}}" for head, width in zip(heads.split(), WIDTHS, strict=True))
    yield from map(_choice, choices)


def _choice(choice: Choice) -> str:
    row = f"  {choice.partitions:>6}{choice.hottest_share:>10.1%}{choice.busy_partition:>8.2f}"
    if choice.bill is None:
        return f"{row}{'none is enough':>39}"
    return f"{row}{choice.cells:>7}{choice.bill.processes:>11}{choice.bill.brokers:>9}{choice.bill.cost:>12,.0f}"


def sentences(found: Answers) -> Iterator[str]:
    """What a reader wants to know, in words."""
    first, broken = found.limits[0], sum(limit.bears < 1 for limit in found.limits)
    if broken:
        yield f"As laid out, {broken} limits are passed, first of all {first.name}."
    else:
        yield f"As laid out, it bears {amount(first.bears)} times this surge; first breaks {first.name}."
    choice = found.best
    if choice is None or choice.bill is None:
        yield "No number of partitions and cells is enough."
    else:
        yield (
            f"{choice.partitions} partitions in {cells_in_words(choice)} keep each process within its memory and core: "
            f"{choice.bill.processes} processes, {choice.bill.brokers} brokers, {choice.bill.cost:,.0f} a year."
        )
    yield (
        f"An agency needs a partition of its own from {amount(found.own_partition)} times the largest's calls on; "
        "no hash gives it one, a cell of its own does."
    )
    yield (
        f"From {amount(found.most_saved_calls / 1e6)} M calls a year on the state of an agency is too large to be "
        "saved, and its whole partition restored from the journal."
    )


def cells_in_words(choice: Choice) -> str:
    """How many cells."""
    return "one cell" if choice.cells == 1 else f"{choice.cells} cells"


def amount(value: float | None) -> str:
    """Three figures, or all of a large number."""
    if value is None:
        return "none"
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:,.3g}" if value >= 0.001 else f"{value:.1e}"
