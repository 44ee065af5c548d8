"""What became of each call: episodes, outcomes, offers, and why teams were passed over."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from services.reporting.store.columns import (
    METADATA,
    Instant,
    count,
    flag,
    instant,
    key,
    key_number,
    number,
    of_call,
    of_record,
    text,
)

EPISODE = Table(
    "episode",
    METADATA,
    key("call_id"),
    key_number("episode"),
    Column("agency", Text, nullable=False),
    text("source"),
    flag("synthetic"),
    text("why"),
    instant("begun_at"),
    instant("received_at"),
    instant("call_received_at"),
    instant("deadline_at"),
    text("requested_by"),
    # the agency's clocks
    text("zone"),
    text("local_date"),
    number("local_hour"),
    number("local_weekday"),
    # the judgement that the outcome followed, or else the newest so far
    number("partition"),
    Column("judgement_offset", BigInteger),
    text("district"),
    text("category"),
    text("call_type"),
    text("priority"),
    text("level"),
    number("level_rank"),
    text("suitability"),
    flag("may_go"),
    text("phase"),
    text("stopped_by"),
    flag("outside"),
    text("caller"),
    number("programme_version"),
    text("programme_hash"),
    number("switchboard_revision"),
    number("cad_notice_seconds"),
    # the outcome
    count("outcomes"),
    text("outcome"),
    instant("outcome_at"),
    text("reason"),
    text("reasons"),
    text("team_id"),
    text("response"),
    text("model"),
    text("goes"),
    text("replaces"),
    # on the way to it
    count("offers"),
    instant("first_offer_at"),
    text("shadow_response"),
    text("shadow_team_id"),
    instant("shadow_at"),
    instant("confirmation_asked_at"),
    instant("confirmed_at"),
    instant("confirmation_lapsed_at"),
    instant("overridden_at"),
    text("override_send"),
    # the team
    instant("accepted_at"),
    number("eta_minutes"),
    instant("en_route_at"),
    instant("staged_at"),
    instant("on_scene_at"),
    instant("transporting_at"),
    instant("cleared_at"),
    text("disposition"),
    instant("released_at"),
    text("released_why"),
    text("moved_from_call_id"),
    text("moved_to_call_id"),
    # what went wrong with it
    instant("upgraded_at"),
    text("on_upgrade"),
    instant("police_asked_at"),
    instant("silent_at"),
    instant("unconfirmed_at"),
    flag("default_asked"),
    comment="The grain: one episode of one call, from its beginning to its one outcome, and what its team did. Times "
    "are instants; local_* is the agency's clock when the call was received (weekday 0: Monday). Names are those of "
    "the document in force at the decision. `team_id` names a team, which is no person. `outcomes` is 1 when all is "
    "well. `call_received_at`: the receipt of the call that an override or a late pull goes on with, else that of the "
    "episode. `default_asked`: the default was sent, or may have been, before it or beside the team. An incident whose "
    "number was given to another more than seven days later has its episodes, offers and referrals as `<call_id> "
    "before <date>`.",
)
Index("episode_by_agency", EPISODE.c.agency, EPISODE.c.received_at)
Index("episode_by_judgement", EPISODE.c.partition, EPISODE.c.judgement_offset)

OUTCOME = Table(
    "outcome",
    METADATA,
    *of_record(),
    text("event_id"),
    *of_call(),
    Column("at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    text("reasons"),
    text("team_id"),
    text("response"),
    text("district"),
    instant("deadline_at"),
    number("programme_version"),
    text("programme_hash"),
    number("switchboard_revision"),
    Column("judgement_offset", BigInteger),
    flag("by_failure"),
    comment="Every outcome that the journal holds, nothing ever replaced: two of one episode show. `by_failure`: the "
    "call could not be decided, and has the default by that.",
)
Index("outcome_of_call", OUTCOME.c.call_id, OUTCOME.c.episode)

OUTCOME_REASON = Table(
    "outcome_reason",
    METADATA,
    *of_record(),
    key_number("number"),
    *of_call(),
    Column("reason", Text, nullable=False),
    comment="The reasons of an outcome, in order.",
)

OFFER = Table(
    "offer",
    METADATA,
    key("offer_id"),
    *of_call(),
    text("team_id"),
    text("response"),
    text("district"),
    text("priority"),
    number("step"),
    flag("paged"),
    count("recipients"),
    instant("made_at"),
    instant("expires_at"),
    text("ended"),
    instant("ended_at"),
    text("why"),
    text("person_id"),
    number("eta_minutes"),
    comment="One team asked to take one call. `ended`: accepted, declined, expired, withdrawn; `why` of a withdrawal.",
)
Index("offer_of_call", OFFER.c.call_id, OFFER.c.episode)

STEP = Table(
    "step",
    METADATA,
    *of_record(),
    *of_call(),
    Column("kind", Text, nullable=False),
    text("response"),
    text("team_id"),
    text("next_response"),
    text("reasons"),
    Column("at", Instant, nullable=False),
    comment="A step of the fall-back chain that was left behind (`fall-back`), or what would have been offered where "
    "nothing leaves (`shadow`); or the call waits for a team from then on (`hold`).",
)

BYPASS = Table(
    "bypass",
    METADATA,
    *of_record(),
    key_number("number"),
    *of_call(),
    Column("kind", Text, nullable=False),
    text("response"),
    Column("team_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    comment="A team that was not offered a call, and a reason why; `kind`: offer, fall-back, shadow.",
)
