"""`careroute key`: keys, tokens and secrets, made on this machine and sent nowhere."""

from __future__ import annotations

import typer

from services.console.cli.ask import JsonOption, group, show

key = group("API keys and tokens.")


@key.command("new")
def key_new(*, json: JsonOption = False) -> None:
    """Make a key for a CAD or a token for a person, and the line for the agencies file that holds its hash."""
    import secrets  # noqa: PLC0415  # what only one command needs is imported there

    from shared.agencies import hash_of  # noqa: PLC0415  # as above

    made = secrets.token_urlsafe(32)
    body = {"key": made, "hash": hash_of(made)}
    show(body, "key", as_json=json)


@key.command("seal")
def key_seal() -> None:
    """Make a sealing key, for CAREROUTE_SEALING_KEY of all processes that deploy/keys.md names."""
    from shared.sealing import new_key  # noqa: PLC0415  # as above

    typer.echo(new_key())


@key.command("audit")
def key_audit() -> None:
    """Make a key of the audit log, for CAREROUTE_AUDIT_KEYS of whatever writes it: in front, a comma before the old."""
    from shared.audit_log.chain import new_audit_key  # noqa: PLC0415  # as above

    typer.echo(new_audit_key())


@key.command("rotate")
def key_rotate() -> None:
    """Make the next sealing key, and print what stands where in each step. The present one is in the environment."""
    from services.console.cli.rotation import steps  # noqa: PLC0415  # as above
    from shared.sealing import SealingSettings, new_key  # noqa: PLC0415  # as above

    settings = SealingSettings.load()
    if settings.second_sealing_key.get_secret_value():
        typer.echo(
            "CAREROUTE_SECOND_SEALING_KEY is set: a rotation is under way. Finish it first (deploy/keys.md).", err=True
        )
        raise typer.Exit(1)
    typer.echo(steps(settings, new_key()))


@key.command("push")
def key_push() -> None:
    """Make the keys of web push: one for notification, which signs with it, one for the pocket page."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415  # as above

    from shared.base64url import encoded  # noqa: PLC0415  # as above

    made = ec.generate_private_key(ec.SECP256R1())
    private = made.private_numbers().private_value.to_bytes(32, "big")
    public = made.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    typer.echo(f"CAREROUTE_PUSH_KEY={encoded(private)}")
    typer.echo(f"CAREROUTE_PUSH_PUBLIC_KEY={encoded(public)}")


@key.command("webhook")
def key_webhook() -> None:
    """Make a secret that signs webhooks, for the agencies file and for whoever receives them."""
    import base64  # noqa: PLC0415  # as above
    import secrets  # noqa: PLC0415  # as above

    typer.echo("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
