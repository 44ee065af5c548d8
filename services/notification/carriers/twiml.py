"""What a call says, as TwiML, which both carriers play. Pure: a page, a key that was pressed, and what came of it."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from services.notification.carriers.words import SPOKEN_ANSWERS, spoken
from shared.events import PageDue

NOTHING_PRESSED: Final = (
    "Nothing was pressed. If you hear this later, it is over: what is open to you stands on your page. Goodbye."
)
"""The last that a machine records, for whoever listens to it in the morning."""
WRONG_KEY: Final = "That key means nothing here."
ONLY_WRONG_KEYS: Final = "That key means nothing here. Goodbye."
ONE_MOMENT: Final = "One moment."
KEY_SECONDS = 5


def twiml(page: PageDue | None, digits: str, result: str | None, key_url: str, look_again_url: str = "") -> str:
    """What the phone says next.

    `result` is what came of it, in words: it is said, and the call ends. Without a result the page is read out and a
    key asked for, twice; or, where `look_again_url` leads on, whoever listens is asked for a moment's patience.
    """
    if result is not None:
        return _response(_say(result), "<Hangup/>")
    if page is None or look_again_url:
        return _response(
            _say(ONE_MOMENT), '<Pause length="1"/>', f'<Redirect method="POST">{escape(look_again_url)}</Redirect>'
        )
    sentence, answers = spoken(page), SPOKEN_ANSWERS.get(page.kind)
    if answers is None:
        return told(sentence)
    asking = _gather(f"{WRONG_KEY} {answers}" if digits else f"{sentence} {answers}", key_url)
    again = _gather(f"{sentence} {answers}", key_url)
    return _response(asking, again, _say(NOTHING_PRESSED), "<Hangup/>")


def told(sentence: str) -> str:
    """A sentence that asks for no key, twice."""
    return _response(_say(sentence), '<Pause length="1"/>', _say(sentence), "<Hangup/>")


def _gather(words: str, key_url: str) -> str:
    """The key may be pressed while the words are still being said."""
    start = f'<Gather numDigits="1" timeout="{KEY_SECONDS}" method="POST" action={quoteattr(key_url)}>'
    return f"{start}{_say(words)}</Gather>"


def _say(words: str) -> str:
    return f"<Say>{escape(_speakable(words))}</Say>"


def _speakable(words: str) -> str:
    """Without what XML cannot hold; names come from outside."""
    return "".join(character for character in words if character.isprintable())


def _response(*verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'
