"""`careroute`: the command line for people.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not answered yet, 4 not reachable, 78 a setting is wrong.
"""

from __future__ import annotations

import typer

from services.console.cli import (
    alerts,
    audit,
    cad,
    calls,
    contacts,
    devices,
    figures,
    keys,
    offers,
    probe,
    referrals,
    report,
    rolls,
    roster,
    rota,
    switchboard,
)
from services.console.cli.programme import publish
from services.console.cli.programme.app import programme_app
from services.console.cli.watch.app import commands as watch_commands

app = typer.Typer(
    help="careroute for dispatchers, supervisors and staff. Set CAREROUTE_CONSOLE_URL and CAREROUTE_TOKEN.",
    epilog="Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not answered yet, 4 not reachable, 78 a setting is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(switchboard.commands)
app.add_typer(alerts.commands)
app.add_typer(alerts.alert, name="alert")
app.add_typer(calls.commands)
app.add_typer(calls.call, name="call")
app.add_typer(programme_app, name="programme")
programme_app.add_typer(publish.commands)
app.add_typer(roster.team, name="team")
app.add_typer(roster.person, name="person")
roster.person.add_typer(contacts.contact, name="contact")
roster.person.add_typer(contacts.person)
app.add_typer(devices.device, name="device")
app.add_typer(rota.rota, name="rota")
app.add_typer(rolls.commands)
app.add_typer(offers.offer, name="offer")
app.add_typer(referrals.referral, name="referral")
app.add_typer(figures.figures, name="figures")
app.add_typer(cad.cad, name="cad")
app.add_typer(keys.key, name="key")
app.add_typer(audit.audit, name="audit")
app.add_typer(report.report, name="report")
app.add_typer(probe.probe, name="probe")
app.add_typer(watch_commands)
