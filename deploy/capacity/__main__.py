"""What a deployment needs and costs, with its arithmetic: `python -m deploy.capacity`.

Exit codes: 0 it was reckoned, 2 wrong usage or a document that cannot be reckoned with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic_core import to_json

from deploy.capacity.answers import Answers, answers
from deploy.capacity.documents import InputsRefused, read
from deploy.capacity.inputs import MEASURED, NATIONAL, Measured, Wanted
from deploy.capacity.model import whole
from deploy.capacity.report import text


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    parser = argparse.ArgumentParser(prog="python -m deploy.capacity", description=__doc__)
    parser.add_argument("--inputs", type=Path, default=NATIONAL, metavar="FILE", help="demand, layout and prices")
    parser.add_argument("--measured", type=Path, default=MEASURED, metavar="FILE", help="what a machine has measured")
    parser.add_argument("--json", action="store_true", help="the same figures for a program")
    given = parser.parse_args(arguments)
    try:
        measured, wanted = read(Measured, given.measured), read(Wanted, given.inputs)
        found = answers(whole(measured, wanted))
    except (InputsRefused, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{_json(found)}\n" if given.json else text(found, measured))
    return 0


def _json(found: Answers) -> str:
    """The figures; null for a wait without end, as JSON has no word for it."""
    return to_json(found, indent=1, inf_nan_mode="null").decode()


if __name__ == "__main__":
    sys.exit(main())
