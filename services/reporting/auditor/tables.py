"""The auditor's own tables: of each promise just what it takes to see it broken. Nothing personal, no free text.

Instants are whole microseconds since 1970, and flags 0 or 1, so that one text of SQL means the same on SQLite and on
PostgreSQL. Where things happened in one partition of a journal they are ordered by their offset, never by a clock.
`changed` is the number of the batch that last touched a row: what a run has looked at once it need not look at again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text

from services.reporting.store.bookkeeping import PLACE

METADATA = MetaData()
"""Every table of the auditor's store."""
PLACE.to_metadata(METADATA)  # how far the topics have been read: whoever carries records keeps it
VERSION_OF_FOLD: Final = 3
"""Raised when the fold comes to mean something else."""
SECOND: Final = 1_000_000
"""In the unit of the store."""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """An instant as the store has it."""
    return (instant - _BEGINNING) // timedelta(microseconds=1)


def instant_of(micros: int) -> datetime:
    """An instant out of the store."""
    return _BEGINNING + timedelta(microseconds=micros)


def _words(*names: str) -> list[Column[Any]]:
    return [Column(name, Text) for name in names]


def _numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger) for name in names]


def _flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Integer, nullable=False, server_default="0") for name in names]


def _table(name: str, key: tuple[str, ...], *columns: list[Column[Any]], comment: str) -> Table:
    """A table that is indexed by its key, and by what changed last."""
    made = [column for group in columns for column in group]
    for column in made:
        column.primary_key = column.name in key
        column.nullable = column.nullable and column.name not in key
    table = Table(name, METADATA, *made, comment=comment)
    if "changed" in table.c:
        Index(f"{name}_changed", table.c.changed)
    return table


_RECORD = ("partition", "record_offset")

VERSION = _table(
    "version", _RECORD,
    _numbers(*_RECORD, "at_us", "order_us", "changed"), _words("agency", "call_id", "source", "event_id"),
    _flags("ended", "synthetic", "owed"),
    comment="A version of a call in `calls`. `owed`: a call begins with it, or again, and nobody took it in yet.",
)  # fmt: skip
CALL = _table(
    "call", ("call_id",),
    _words("call_id"), _numbers("newest_us", "reopened_us", "taken_offset"), _flags("is_known", "ended", "refused"),
    comment="How a call stands by its own versions, and up to which of them team availability has taken it in.",
)  # fmt: skip
EPISODE = _table(
    "episode", ("call_id", "episode"),
    _words("call_id", "agency", "district"),
    _numbers(*_RECORD, "episode", "due_us", "default_offset", "judged_offset", "check_minutes", "changed"),
    _flags("begun", "outcomes", "failed", "overridden"),
    comment="An episode and by when it needs its outcome. `default_offset`: where a dispatcher sent the default; "
    "`judged_offset`: the judgement in `decisions` that its newest plan copies.",
)  # fmt: skip
OUTCOME = _table(
    "outcome", _RECORD,
    _numbers(*_RECORD, "episode", "at_us", "due_us", "reasons", "judged_offset", "changed"),
    _words("agency", "call_id", "outcome", "team_id", "response", "district", "programme_hash"),
    _flags("cites", "by_hand", "told", "synthetic"),
    comment="A routing outcome, by where it stands: a second one shows. `told`: the CAD is owed word, or none is due.",
)  # fmt: skip
CLAIM = _table(
    "claim", ("topic", *_RECORD), _words("topic"), _numbers(*_RECORD, "at_us"),
    comment="The first record of another owner of a journal: between two owners nobody decides.",
)  # fmt: skip
PLAN = _table(
    "plan", ("call_id", "episode", "response"),
    _words("call_id", "response", "phase"), _numbers("episode", "judged_offset"), _flags("may_go"),
    comment="What the newest plan of an episode says of a response, and the judgement in `decisions` that it copies.",
)  # fmt: skip
HOLD = _table(
    "hold", ("call_id", "episode"),
    _words("call_id", "agency"), _numbers("episode", "minutes", "at_us", "due_us"), _flags("by_person"),
    comment="A hold that was asked for, how long at most; since when the call waits, until when, and by whose word.",
)  # fmt: skip
CONFIRMED = _table(
    "confirmed", ("call_id", "episode", "response"), _words("call_id", "response"), _numbers("episode"),
    _flags("by_hand"),
    comment="A dispatcher confirmed the response that was proposed, or (`by_hand`) sent it by an override.",
)  # fmt: skip
PAUSED = _table(
    "paused", ("agency", "district", "response"), _words("agency", "district", "response"),
    comment="The pauses that team availability has applied; `*` is every response.",
)  # fmt: skip
OFFER = _table(
    "offer", ("offer_id",),
    _words("offer_id", "agency", "call_id", "team_id", "response", "district", "phase", "how_it_ended"),
    _numbers(*_RECORD, "episode", "judged_offset", "ended_offset", "at_us", "expires_us", "accepted_us", "changed"),
    _flags("may_go", "confirmed", "by_hand", "paused", "unheard", "busy"),
    comment="An offer, with what allowed it when it was made. `busy`: its team had a call then.",
)  # fmt: skip
WORD = _table(
    "word", ("topic", *_RECORD, "invariant"),
    _words("topic"), _numbers(*_RECORD, "at_us"), _words("invariant", "agency", "call_id", "what"),
    _flags("owed", "heard"),
    comment="A record that another service has to act upon (`owed`), and whether something there came of it (`heard`).",
)  # fmt: skip
VERDICT = _table(
    "verdict", (*_RECORD, "response"),
    _numbers(*_RECORD, "changed"), _words("call_id", "response"), _flags("may_go"),
    comment="What triage's own journal says of a response.",
)  # fmt: skip
JUDGEMENT = _table(
    "judgement", _RECORD,
    _numbers(*_RECORD, "gates", "at_us", "version", "revision", "changed"),
    _words("agency", "call_id", "district", "programme_hash"), _flags("cites", "has_sentence"),
    comment="A judgement, and whether it explains itself. `cites`: by what was in force, or by what an earlier one of "
    "the call had: of a call that was offered already the stricter stands.",
)  # fmt: skip
IN_FORCE = _table(
    "in_force", ("agency",), _words("agency", "programme_hash"), _numbers("version", "revision"),
    comment="An agency's document and switchboard, as triage's own journal has them; before its first: none, and 0.",
)  # fmt: skip
ASSIGNMENT = _table(
    "assignment", _RECORD,
    _numbers(*_RECORD, "episode", "ended_offset", "at_us", "spoken_us", "check_minutes", "changed"),
    _words("agency", "call_id", "team_id", "response", "stands", "how_it_ended", "district"),
    _flags("police_asked", "by_person", "after_default", "left_behind"),
    comment="A team has a call, from one offset to another. "
    "`left_behind`: its shift, or somebody's place on it, ended, and the call did not.",
)  # fmt: skip
CREW = _table(
    "crew", ("agency", "team_id", "person_id"), _words("agency", "team_id", "person_id"), _flags("stays"),
    comment="Who is on a team. `stays`: whether that is so after the newest change of its shift.",
)  # fmt: skip
UNANSWERING = _table(
    "unanswering", ("agency", "team_id"), _words("agency", "team_id"),
    comment="Teams that let offers run out and have not been heard from.",
)  # fmt: skip
PAGE = _table(
    "page", ("page_id",),
    _words("page_id", "agency", "kind", "offer_id", "call_id", "person_id", "method_id"),
    _numbers("not_after_us", "attempts", "attempted_us", "read_offset", "partition", "changed"), _flags("over"),
    comment="A page. `read_offset`: how far `assignments` was read in the step before the one that tried it.",
)  # fmt: skip
MESSAGE = _table(
    "message", ("message_id",),
    _words("message_id", "agency", "kind", "call_id", "outcome", "team_id"),
    _numbers("episode", "not_after_us", "changed"), _flags("over", "misleads", "alarmed"),
    comment="A message to a CAD: acknowledged, or noted as not, with an alarm where the CAD is misled by it. "
    "Of a call that was routed: the outcome and the team that it names.",
)  # fmt: skip
COMMAND = _table(
    "command", ("agency", "command_id"),
    _words("agency", "command_id", "type"), _numbers("expires_us", "changed"), _flags("answered"),
    comment="What somebody ordered.",
)  # fmt: skip
ANSWER = _table(
    "answer", ("topic", *_RECORD),
    _words("topic", "agency", "command_id"), _numbers(*_RECORD, "at_us", "changed"),
    comment="The answer to a command, by where it stands.",
)  # fmt: skip
STEP = _table(
    "step", ("topic", "partition"),
    _words("topic", "mark"), _numbers("partition", "epoch", "read_offset", "read_before"),
    comment="The last step of a journal's owner: how far it says that it has read `assignments` by then, and before.",
)  # fmt: skip
UNREADABLE = _table(
    "unreadable", ("topic", *_RECORD), _words("topic", "agency"), _numbers(*_RECORD, "at_us", "changed"),
    comment="A record that is not what it says.",
)  # fmt: skip
LEAK = _table(
    "leak", ("topic", *_RECORD), _words("topic", "agency"), _numbers(*_RECORD, "at_us", "changed"),
    comment="A record in which a planted personal word stands in the open.",
)  # fmt: skip
CHAIN = _table(
    "chain", ("partition", "chain"), _words("chain", "code"), _numbers("partition", "number"),
    comment="The last record of each chain of the audit log; without a code where what stands there is not genuine.",
)  # fmt: skip
CHAIN_FAULT = _table(
    "chain_fault", ("invariant", "about"), _words("invariant", "about"), _numbers("at_us", "changed"),
    comment="An entry of the audit log that breaks an invariant, or a key of entries that the auditor was not given.",
)  # fmt: skip
ACKNOWLEDGED = _table(
    "acknowledged", ("agency", "source", "incident", "event_id"),
    _words("agency", "source", "incident", "event_id"), _numbers("at_us"), _flags("seen"),
    comment="The sender's list: what was acknowledged to a CAD, by its own word.",
)  # fmt: skip
LOG_END = _table(
    "log_end", ("topic", "partition"), _words("topic"), _numbers("partition", "end_offset", "read_offset", "at_us"),
    comment="Where a partition ends, and how far it was read, when that was last asked.",
)  # fmt: skip

# --- what the auditor remembers of its own work

FOLDED = _table("folded", ("version",), _numbers("version"), comment="One row: which version of the fold made this.")
BATCH = _table("batch", ("id",), _numbers("id", "number"), comment="One row: the newest batch's number.")
WATERMARK = _table(
    "watermark", ("invariant",), _words("invariant"), _numbers("looked_at"),
    comment="Up to which batch an invariant has looked at everything.",
)  # fmt: skip
CLEAN = _table("clean", ("id",), _numbers("id", "at_us"), comment="One row: when a run was last clean.")
GAP = _table(
    "gap", ("gap_id",),
    _words("gap_id", "invariant", "agency", "about", "call_id", "district", "reviewed_by", "reason"),
    _numbers("broken_us", "found_us", "closed_us"), _flags("found_told", "closed_told"),
    comment="What was found broken; open until it is not so any more, or a person has looked into it.",
)  # fmt: skip

for _name, _column, _condition in (
    ("version_owed", VERSION.c.at_us, "owed = 1"),
    ("episode_open", EPISODE.c.due_us, "outcomes = 0 AND failed = 0"),
    ("word_unheard", WORD.c.at_us, "owed = 1 AND heard = 0"),
    ("outcome_untold", OUTCOME.c.at_us, "told = 0"),
    ("assignment_open", ASSIGNMENT.c.spoken_us, "ended_offset IS NULL"),
    ("offer_open", OFFER.c.expires_us, "ended_offset IS NULL"),
    ("page_owed", PAGE.c.not_after_us, "over = 0"),
    ("message_owed", MESSAGE.c.not_after_us, "over = 0"),
    ("command_unanswered", COMMAND.c.expires_us, "answered = 0"),
    ("acknowledged_unseen", ACKNOWLEDGED.c.at_us, "seen = 0"),
    ("gap_open", GAP.c.invariant, "closed_us IS NULL"),
):
    Index(_name, _column, sqlite_where=text(_condition), postgresql_where=text(_condition))
for _name, _columns in (
    ("version_of_call", (VERSION.c.call_id, VERSION.c.event_id)),
    ("outcome_of_episode", (OUTCOME.c.call_id, OUTCOME.c.episode)),
    ("claim_at", (CLAIM.c.topic, CLAIM.c.partition, CLAIM.c.at_us)),
    ("assignment_of_team", (ASSIGNMENT.c.agency, ASSIGNMENT.c.team_id, ASSIGNMENT.c.record_offset)),
    ("assignment_of_call", (ASSIGNMENT.c.call_id, ASSIGNMENT.c.record_offset)),
    ("offer_of_call", (OFFER.c.call_id,)),
    ("judgement_of_call", (JUDGEMENT.c.call_id, JUDGEMENT.c.programme_hash, JUDGEMENT.c.revision)),
    ("outcome_judged", (OUTCOME.c.partition, OUTCOME.c.judged_offset)),
    ("page_of_offer", (PAGE.c.offer_id,)),
    ("page_of_call", (PAGE.c.call_id,)),
    ("message_of_call", (MESSAGE.c.call_id, MESSAGE.c.episode)),
    ("answer_of_command", (ANSWER.c.agency, ANSWER.c.command_id)),
):
    Index(_name, *_columns)
