"""One form for a call-back number, so that calls of one caller can be counted."""

from __future__ import annotations

LONGEST = 60
"""Characters of what may be a telephone number, extension and all."""


def number_of(text: str, region: str) -> str:
    """The number in E.164; without an international prefix it is taken as one of the region. Empty if it is none."""
    if not text or len(text) > LONGEST:
        return ""
    import phonenumbers  # noqa: PLC0415  only documents that count callers need it

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_region(region: str) -> bool:
    """Whether numbers of the region are known."""
    import phonenumbers  # noqa: PLC0415

    return region in phonenumbers.SUPPORTED_REGIONS
