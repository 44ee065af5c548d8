"""What stands where while the sealing key is changed, step by step (deploy/keys.md)."""

from __future__ import annotations

from shared.sealing import Sealer, SealingSettings, pseudonym_key_of


def steps(settings: SealingSettings, new: str) -> str:
    """The variables of each step, to be put into the secret store; nothing is changed by that."""
    present = settings.sealing_key.get_secret_value()
    pseudonyms = settings.pseudonym_key.get_secret_value() or pseudonym_key_of(present)
    return "\n\n".join(
        (
            _step("1. The new key opens, the present one seals. Start every process again, one after the other.",
                  present, new, pseudonyms),
            _step("2. They change places. Only once step 1 stands everywhere; start every process again.",
                  new, present, pseudonyms),
            _step("3. The former key is thrown away. Only once careroute_sealed_formerly is 0 at the console.",
                  new, "", pseudonyms),
        )
    )  # fmt: skip


def _step(title: str, first: str, second: str, pseudonyms: str) -> str:
    uses = ", ".join(f"{use} {key_id}" for use, key_id in Sealer(first, second, pseudonyms).uses())
    return (
        f"# {title}\n"
        f"# careroute_key_info: {uses}\n"
        f"CAREROUTE_SEALING_KEY={first}\n"
        f"CAREROUTE_SECOND_SEALING_KEY={second}\n"
        f"CAREROUTE_PSEUDONYM_KEY={pseudonyms}"
    )
