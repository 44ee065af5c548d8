"""What the command line prints of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from services.console.cli.terminal import BAD, GOOD, QUIET
from services.console.cli.terminal import terminal as _out


def audit_log(body: dict[str, Any]) -> None:
    """Entries, a line each, and from when to when they are: that may be less than was asked for."""
    out = _out()
    out.print(Text(f"From {_at(body['since'])} until before {_at(body['until'])}:", QUIET))
    for line in body["lines"]:
        how = " ".join(filter(None, (line["door"], line["request"], line["identified"], line["came_from"])))
        out.print(f"{_at(line['at'])}  {line['sentence']}", Text(how, QUIET), soft_wrap=True)
        if not line["genuine"]:
            out.print(Text(f"  not as it was written: {line['position']}", BAD), soft_wrap=True)
    if not body["lines"]:
        out.print("No entry.")
    if not body["whole"]:
        out.print(Text("There is more: ask for a shorter time, or for less.", BAD))


def audit_verified(body: dict[str, Any]) -> None:
    """Whether the log is whole, and where it is not."""
    out = _out()
    for found in body["breaks"]:
        out.print(Text(f"{found['position']}: {found['sentence']} ({found['kind']})", BAD), soft_wrap=True)
    if body["more_breaks"]:
        out.print(Text(f"and {body['more_breaks']} more", BAD))
    read = f"{body['records']} records of {body['chains']} chains; {body['commands']} commands stand as they say."
    if (heads := body["heads"]) is not None:
        read += f" {heads['met']} of {heads['kept']} heads were met."
        if body["whole"] and heads["met"] < heads["kept"]:
            read += " The others are from before what Kafka keeps."
    out.print(Text("whole" if body["whole"] else "not whole", GOOD if body["whole"] else BAD), read, soft_wrap=True)


def _at(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"
