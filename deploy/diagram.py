"""Draws the README's diagram from the service values themselves: `python -m deploy.diagram`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.notification.service import NOTIFICATION
from services.rostering.service import ROSTERING
from services.team_availability.service import TEAM_AVAILABILITY
from services.triage.service import TRIAGE
from shared.topics import AUDIT_LOG, AUDITS, CALL_KEYS, CALLS, COMMANDS, CONTACTS

README = Path(__file__).parents[1] / "README.md"
START, END = "```mermaid\n", "```\n<!-- end of diagram -->"
DOORS = (
    f"  CAD([CAD]) --> intake --> {CALLS.name}[({CALLS.name})]",
    f"  people([dispatchers, supervisors]) --> console --> {COMMANDS.name}[({COMMANDS.name})]",
    f"  console --> {CONTACTS.name}[({CONTACTS.name})] --> notification",
    f"  intake --> {CALL_KEYS.name}[({CALL_KEYS.name})] --> triage",
    f"  console --> {CALL_KEYS.name} --> pocket",
    f"  auditor --> {AUDITS.name}[({AUDITS.name})]",
    f"  phone([a team's phone]) --> pocket[pocket page] --> {COMMANDS.name}",
    f"  console --> {AUDIT_LOG.name}[({AUDIT_LOG.name})]",
    f"  pocket --> {AUDIT_LOG.name}",
)
OUTSIDE = ("  notification --> phone", "  notification --> CAD")


def diagram() -> str:
    """The services, the topics they read and the journals they write, in Mermaid."""
    lines = ["flowchart LR", *DOORS]
    for service in (TRIAGE, TEAM_AVAILABILITY, NOTIFICATION, ROSTERING):
        name = service.name
        lines.append(f"  {name} ==> {service.writes.name}[({service.writes.name})]")
        lines += [f"  {topic.name} --> {name}" for topic in service.reads]
    return "\n".join([*lines, *OUTSIDE]) + "\n"


def main() -> int:
    """Write it into the README."""
    text = README.read_text("utf-8")
    before, rest = text.split(START, 1)
    README.write_text(before + START + diagram() + END + rest.split(END, 1)[1], "utf-8")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m deploy.diagram", description=__doc__).parse_args()
    sys.exit(main())
