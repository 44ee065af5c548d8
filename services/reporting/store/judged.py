"""What CADs reported and what triage made of it: versions, judgements, referrals, switchboard and documents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from services.reporting.store.columns import (
    METADATA,
    Instant,
    count,
    flag,
    instant,
    key,
    key_number,
    number,
    of_record,
    text,
)

VERSION = Table(
    "version",
    METADATA,
    *of_record(),
    Column("agency", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    text("event_id"),
    text("source"),
    flag("synthetic"),
    text("status"),
    Column("received_at", Instant, nullable=False),
    instant("durable_at"),
    instant("created_at"),
    instant("updated_at"),
    text("call_type_system"),
    text("call_type"),
    text("priority"),
    text("requested_by"),
    text("caller_wants"),
    count("cautions"),
    count("answers"),
    flag("units_on_scene"),
    comment="Every version of a call that intake made durable: the sender's side. Of cautions and answers how many. "
    "The topic is kept for 30 days, so a store that is made anew later lacks what is older.",
)
Index("version_of_call", VERSION.c.call_id)

JUDGEMENT = Table(
    "judgement",
    METADATA,
    *of_record(),
    Column("agency", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    text("event_id"),
    flag("synthetic"),
    Column("at", Instant, nullable=False),
    instant("judged_at"),
    instant("updated_at"),
    text("zone"),
    text("district"),
    text("category"),
    text("level"),
    number("level_rank"),
    text("suitability"),
    text("reasons"),
    text("missing"),
    text("priority"),
    text("call_type_system"),
    text("call_type"),
    text("requested_by"),
    text("caller"),
    count("hazards_heard"),
    count("names_unlisted"),
    flag("may_go"),
    text("phase"),
    text("stopped_by"),
    flag("outside"),
    number("programme_version"),
    text("programme_hash"),
    number("switchboard_revision"),
    number("routing_deadline_seconds"),
    number("cad_notice_seconds"),
    comment="Every judgement of a version, with the document's own names at that time. `may_go`: a response passed "
    "every gate, in a phase that is not off; `phase`: the highest of those that may go. `stopped_by`: the first call "
    "gate that failed, else the first gate of the first response. `outside`: suitable, and of some response nothing "
    "failed but where and when it runs. `caller`: a pseudonym, to count who calls again.",
)
Index("judgement_of_call", JUDGEMENT.c.call_id)

VERDICT = Table(
    "verdict",
    METADATA,
    *of_record(),
    key_number("number"),
    Column("response", Text, nullable=False),
    text("model"),
    text("goes"),
    text("replaces"),
    text("reached_by"),
    Column("may_go", Boolean, nullable=False),
    text("phase"),
    text("reasons"),
    comment="A judgement's word on each response of the level, in the document's order. `goes`: instead of the "
    "default, or beside it; `replaces`: the parts of the default that then do not go.",
)

GATE = Table(
    "gate",
    METADATA,
    *of_record(),
    key_number("number"),
    text("response"),
    Column("gate", Text, nullable=False),
    text("reason"),
    comment="Every gate of a judgement that was not passed, in order; without a response it is a gate of the call. "
    "What is not here was passed, or not asked.",
)

REFERRAL = Table(
    "referral",
    METADATA,
    key("referral_id"),
    Column("agency", Text, nullable=False),
    text("call_id"),
    text("kind"),
    text("response"),
    text("district"),
    text("phase"),
    instant("made_at"),
    instant("due_at"),
    instant("overdue_at"),
    instant("closed_at"),
    text("result"),
    comment="A referral, a follow-up of a visit, or a note, which asks for nothing.",
)
Index("referral_of_call", REFERRAL.c.call_id)

SWITCH = Table(
    "switch",
    METADATA,
    *of_record(),
    Column("agency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    number("revision"),
    text("district"),
    text("response"),
    text("phase"),
    number("at_most_open"),
    number("at_most_per_day"),
    Column("at", Instant, nullable=False),
    flag("by_itself"),
    text("reason"),
    text("cause"),
    instant("reviewed_at"),
    comment="Every change of the switchboard: phase, paused, resumed, cap. `by_itself`: no person did it, and `reason` "
    "says why. Who did is in `command`, at the position that `cause` names; what they wrote as a reason is not here.",
)
Index("switch_by_revision", SWITCH.c.agency, SWITCH.c.revision)

DOCUMENT = Table(
    "document",
    METADATA,
    key("agency"),
    key("programme_hash"),
    number("programme_version"),
    instant("proposed_at"),
    instant("adopted_at"),
    instant("effective_at"),
    comment="Versions of the programme document, and how far each has come.",
)

AGENCY = Table(
    "agency",
    METADATA,
    key("agency"),
    text("zone"),
    text("programme_hash"),
    instant("noted_at"),
    comment="The time zone of each agency, by the document that its calls were last decided by.",
)

IN_FORCE = Table(
    "in_force",
    METADATA,
    *of_record(),
    Column("agency", Text, nullable=False),
    text("programme_hash"),
    number("programme_version"),
    Column("from_at", Instant, nullable=False),
    text("rolled_back_from"),
    text("cause"),
    comment="Since when which document was in force, until the next row of the agency.",
)

COMMAND = Table(
    "command",
    METADATA,
    key("agency"),
    key("command_id"),
    text("type"),
    text("decided_by"),
    text("issued_by"),
    instant("issued_at"),
    instant("durable_at"),
    number("partition"),
    Column("record_offset", BigInteger),
    text("call_id"),
    text("team_id"),
    text("offer_id"),
    count("records"),
    instant("held_at"),
    text("answer"),
    text("answer_reason"),
    instant("answered_at"),
    comment="Who asked for what, and how it was answered. `records`: how often it was sent. An answer may be read "
    "before its command. What its author wrote as a reason is not here: it may say anything of anybody.",
)
