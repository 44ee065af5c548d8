"""The codes that decisions give as their reasons, in the words of a dispatch room. Journals, API and CSV keep codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # what stops a call, whatever the response
        "no-programme": "no programme is in force",
        "other-agency": "the call is another agency's",
        "other-source": "the programme takes no calls of this CAD",
        "district-unknown": "the district of the call is not known",
        "district-conflict": "district, beat and position of the call disagree",
        "no-call-type": "the call has no type yet",
        "level-sends-default": "the level of this call goes to the default",
        "clock-ahead": "the CAD's clock is ahead of ours",
        "stale": "the CAD's word on the call is too old",
        "synthetic": "it is a test call",
        "unsuitable": "no team may go to a call like this",
        # what stops a response
        "no-rollout": "the response is not rolled out there",
        "paused": "the response is paused there",
        "phase-off": "the response is switched off there",
        "not-started": "the response has not started yet",
        "ended": "the response has ended",
        "outside-days": "the response is closed on this weekday",
        "outside-hours": "the response is closed at this hour",
        "holiday": "the response is closed on this holiday",
        "cap-open": "the response has as many calls as it takes at once",
        "cap-day": "the response has had as many calls as it takes a day",
        "control-arm": "the call counts for comparison and gets the default",
        "category-not-taken": "the response does not take this kind of call",
        "code-not-listed": "the programme does not list this call type",
        "asker-not-allowed": "whoever asked may not ask for this response",
        "units-on-scene": "units are on scene and did not ask for a team",
        "in-flight": "the programme that allows the response came after the call",
        "referral": "the response is a referral: nobody goes now",
        "note": "the response is a note: nobody goes now",
        "no-response": "no response was left to try",
        "shadow": "the response only runs in shadow",
        # how the time went by
        "not-confirmed": "nobody confirmed in time",
        "not-judged": "the call was not judged in time",
        "indeterminate": "questions about the call were not answered in time",
        "deadline": "the time to decide ran out",
        "out-of-time": "too little time was left to ask a team",
        "hold-not-acknowledged": "nobody acknowledged in time that the call waits",
        "hold-over": "the call has waited for a team as long as it may",
        "not-held": "the programme lets no such call wait",
        "many-on-hold": "too many calls wait already",
        "not-pulled": "no team took the call from its page in time",
        "no-team": "no team serves there at this time",
        "no-next-response": "no other response was left to try",
        "no-phone-response": "nobody could take the call by phone",
        # why a page is not sent
        "answered": "the team answered by then",
        "too-late": "it was too late by then",
        "offer-over": "its offer was over before its turn came",
        "day-limit": "the agency's texts or calls of the day are spent",
        "not-paged": "the response pages nobody",
        "shift-over": "the team's shift was over",
        "links-revoked": "the links of this person were revoked",
        "broken": "this way to the person does not work",
        "opted-out": "the person behind this number wants no messages",
        "way-gone": "this way to the person was taken away",
        "address-changed": "the address was changed before it went out",
        "asked-anew": "the person was asked for a call by then",
        # why a page did not get through
        "unknown": "nobody knows whether it went out",
        "timeout": "there was no answer in time",
        "no-answer": "there was no answer",
        "no-news": "nobody has said how it ended",
        "unreachable": "it could not be reached",
        "refused": "it was refused",
        "queue-full": "its carrier was too busy",
        "try-later": "the mail server was too busy",
        "too-large": "it was too large",
        "not-http": "what answered is no web server",
        "certificate": "nobody vouches for the mail server's certificate",
        "credentials": "our account or password was refused",
        "unregistered": "our number is not registered with the carriers",
        "filtered": "carriers took it for unwanted",
        "no-carrier": "the agency has no carrier for it",
        "no-callbacks-url": "carriers are not told where to answer",
        "no-adapter": "there is no way to send it",
        "no-secret": "the agency has no secret that signs it",
        "no-webhook": "the CAD has no address",
        "no-address": "there is no address",
        "bad-address": "the address cannot be used",
        "bad-url": "the address cannot be used",
        "private-address": "the address lies in a private network",
        "sealed": "the address is sealed with another key",
        "erased": "the address was erased",
        "contacts-behind": "the address had not been read by then",
        "unknown-effect": "nobody knows what was to be sent",
        # why a way to a person is gone or does not work
        "unknown-number": "there is no such number",
        "not-mobile": "the number takes no texts",
        "landline": "the number is a landline",
        "blocked": "the carrier blocks the number",
        "gone": "the phone or browser has ended it",
        "no-mailbox": "there is no such mailbox",
        "mailbox-full": "the mailbox is full",
        "device-revoked": "the phone that it led to is let in no more",
        "unproved": "no page there was answered for too long",
        # why a team is passed over
        "other-model": "the team is of another kind",
        "other-district": "the team serves other districts",
        "other-pool": "the team belongs to another pool",
        "off-duty": "the team is off duty",
        "many-open-calls": "the team's page is full of open calls",
        "unanswering": "the team let offers run out and was not heard from since",
        "no-working-way": "there is no way that works to somebody on call",
        "status-stale": "the team was not heard of for too long",
        "crew-incomplete": "nobody on the team is trained for a place of the crew",
        "shift-ends": "the team's shift ends too soon",
        "assigned": "the team has another call",
        "offered-another": "the team is being asked about another call",
        "out-of-service": "the team is out of service",
        "en-route": "the team is on its way elsewhere",
        "staged": "the team waits near another call",
        "on-scene": "the team is on another scene",
        "need-police": "the team has asked for police",
        "transporting": "the team is transporting somebody",
        "cleared": "the team has just cleared a call",
        "declined": "the team declined",
        "expired": "the team did not answer in time",
        # why somebody is not on a team that they are planned for, or the plan is not followed
        "unknown-person": "the person is not among the staff",
        "on-shift": "the person is on shift with another team",
        "by-hand": "somebody signed the team on with people or hours of their own",
        # why an offer or a team is taken back, or an episode begins or ends
        "not-needed": "another team was there sooner",
        "needed-first": "another call came first",
        "crew-changed": "other people are on the team by the plan",
        "taken": "the team or the call was taken by then",
        "routed": "the call was decided by then",
        "upgraded": "the call proved more dangerous",
        "may-not-go": "the call proved to be none for the team",
        "overridden": "a dispatcher decided otherwise",
        "withdrawn": "a person took the team off the call",
        "signed-off": "the team signed off",
        "merged": "the CAD made it one call with another",
        "cancelled": "the CAD cancelled the call",
        "closed": "the CAD closed the call",
        "another-episode": "the call began again",
        "over": "its time is over",
        "number-reused": "the CAD gave the number to another incident",
        "reported": "the CAD reported the call",
        "late-pull": "a team took the call late, as a dispatcher said",
        "reopened": "the CAD opened the call again",
        "requested": "somebody asked for a team",
        "internal-error": "careroute failed at this call",
    }
)
"""Every code, said so that it fits after a colon and in a list."""
OF_A_FACT: Mapping[str, str] = MappingProxyType(
    {"-unknown": "{} is not known", "-not-met": "{} is not what the response needs"}
)
"""By how it ends, a code about a fact that the document names as a condition."""
GATES: Mapping[str, str] = MappingProxyType(
    {
        "programme": "no programme in force",
        "jurisdiction": "another agency or CAD",
        "district": "district not clear",
        "call-type": "no call type",
        "level": "level goes to the default",
        "freshness": "CAD's word too old, or its clock ahead",
        "synthetic": "test call",
        "phase": "not rolled out, off or paused there",
        "dates": "before its start or after its end",
        "hours": "closed at that hour or weekday",
        "holiday": "closed on a holiday",
        "arm": "call for comparison",
        "cap": "as many calls as the programme allows",
        "cap-set-here": "as many calls as the switchboard allows there",
        "cap-set-all": "as many calls as the switchboard allows",
        "category": "kind of call not taken",
        "hand-over": "units on scene did not ask for a team",
        "in-flight": "programme newer than the call",
    }
)
"""Every gate, as what a call is stopped by."""
OF_A_CONDITION = "only-when-"
JOINS_WORDS = re.compile(r"(?<!\bco)-")
"""A hyphen between words of a code; one that belongs to a word stays, as in co-responder."""
WENT: Mapping[str, str] = MappingProxyType(
    {
        "undecided": "not decided yet",
        "nobody": "nobody, the CAD ended the call",
        "default": "the default response",
        "merged": "the team, to another call",
        "recalled": "the team, turned back or called off on its way",
        "recalled-upgraded": "the team, turned back when the call proved more dangerous",
        "team-upgraded": "the team, to a call that proved more dangerous",
        "team-and-default": "the team and the default response",
        "phone": "somebody by phone",
        "team-under-way": "the team, still on its way",
        "team": "the team",
    }
)
"""Who went to a call."""


def words_of(code: str) -> str:
    """A code in words."""
    if code in WORDS:
        return WORDS[code]
    for ending, words in OF_A_FACT.items():
        if code.endswith(ending):
            return words.format(plain(code.removesuffix(ending)))
    return plain(code)


def in_words(codes: Iterable[str]) -> str:
    """Codes in words, as a list."""
    return "; ".join(map(words_of, codes))


def as_codes(codes: Iterable[str]) -> str:
    """Codes as they stand."""
    return ", ".join(codes)


def decided_in_words(sentence: str, codes: Iterable[str]) -> str:
    """What was decided, with the codes that its sentence ends with in words; other sentences stay."""
    listed = as_codes(codes)
    if listed and sentence.endswith(ending := f": {listed}."):
        return f"{sentence.removesuffix(ending)}: {in_words(codes)}."
    return sentence


def part_in_words(measure: str, part: str) -> str:
    """A part of a measure of the figures, in words."""
    if measure == "unserved":
        return words_of(part)
    if measure == "stopped-by":
        condition = f"{plain(part.removeprefix(OF_A_CONDITION))} not what the response needs"
        return condition if part.startswith(OF_A_CONDITION) else GATES.get(part, plain(part))
    if measure == "repeat-callers":
        return f"{part} calls or more"
    return WENT.get(part, plain(part)) if measure == "went" else plain(part)


def plain(code: str) -> str:
    """A code that is made of words already, without its hyphens."""
    return JOINS_WORDS.sub(" ", code) if code.islower() else code
