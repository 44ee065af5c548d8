"""Why a page or a message did not arrive, or a way to a person is broken, in the words of a dispatch room."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.console.view.reasons import words_of

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # the address: whoever knows the person sets another
        "unknown-number": "there is no such number",
        "not-mobile": "this number takes no texts",
        "landline": "a landline takes no texts",
        "blocked": "the carrier blocks this number",
        "no-mailbox": "there is no such mailbox",
        "mailbox-full": "the mailbox is full",
        "bad-address": "the address cannot be used: set it again",
        "bad-url": "the address is no web address that may be called",
        "no-address": "no address is set",
        "erased": "the address was erased",
        "sealed": "the address cannot be opened with the keys that careroute has",
        "private-address": "the address lies in a network that may not be called",
        "gone": "nobody is told there any more",
        "unproved": "no page there was answered for too long",
        # the other side, this time
        "busy": "the line was busy",
        "no-answer": "there was no answer",
        "unreachable": "it could not be reached",
        "timeout": "it did not answer in time",
        "try-later": "the other side said: try later",
        "queue-full": "too much waits to be sent already",
        "refused": "the other side refused it",
        "filtered": "the carrier took it for spam",
        "too-large": "it was too long to be sent",
        "expired": "its time was over before it was taken",
        "unknown": "it may have been taken: nobody said",
        "not-http": "the other side does not speak HTTP",
        # our set-up: whoever runs careroute mends it
        "credentials": "careroute's credentials were refused there",
        "unregistered": "careroute's number is not registered with the carrier",
        "certificate": "the certificate of the other side is not valid",
        "tls": "no safe connection came about",
        "no-adapter": "careroute is not set up to send this way",
        "no-carrier": "no carrier is set up for the agency",
        "no-callbacks-url": "careroute has no address at which carriers call back",
        "no-secret": "the agencies file has no secret for it",
        "no-webhook": "the agencies file has no webhook for it",
        "contacts-behind": "the addresses had not been read yet",
        "unknown-effect": "this careroute cannot send it: it is older than what asked for it",
        "fault": "careroute failed at it",
    }
)
"""By code; other codes are those of decisions."""


def unsent_words_of(code: str) -> str:
    """A code in words; `status-503`, of a door that answered so, as `it answered 503`."""
    if code.startswith("status-"):
        return f"it answered {code.removeprefix('status-')}"
    return WORDS.get(code) or words_of(code)
