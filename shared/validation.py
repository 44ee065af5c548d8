"""What is wrong with a file, for the people who wrote it."""

from __future__ import annotations

from pydantic import ValidationError


def faults_in(error: ValidationError) -> list[str]:
    """Each fault with the keys that lead to it, and what would be right."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in found]
