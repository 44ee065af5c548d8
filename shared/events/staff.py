"""Who is on the books: people, how they are reached, teams, and the words for where a team stands."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.call import Name, Text
from shared.judgement import (
    Discipline,
)

DUTY_OFFICER: Final = "duty-officer"
"""Whoever has the ways of this person, if there is one, hears of a team that is missing or does not answer."""
TeamStatus = Literal[
    "available", "out-of-service", "en-route", "staged", "on-scene", "need-police", "transporting", "cleared"
]
Disposition = Literal[
    "resolved-on-scene",
    "resolved-by-phone",
    "transported-er",
    "transported-crisis-centre",
    "transported-detox",
    "transported-shelter",
    "transported-home",
    "transported-other",
    "handed-over-police",
    "handed-over-ems",
    "handed-over-provider",
    "upgraded",
    "unable-to-locate",
    "refused",
    "no-longer-needed",
    "cancelled",
    "follow-up-only",
]


ContactKind = Literal["pocket", "webhook", "sms", "voice", "push", "email"]
"""How a page goes out: the page that is open already, a signed webhook, a text, a call, a web push, a mail."""


class ContactMethod(BaseModel):
    """A way to a person. Their address stands in no journal: it is sealed in `contacts`, and can be erased."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    method_id: Name
    kind: ContactKind
    position: int = -1
    """Offset in `contacts` from which on its address stands there; -1 where there is none."""
    url: str | None = Field(default=None, max_length=500)
    """In records from before addresses were sealed: where a webhook goes."""


class Person(BaseModel):
    """A member of staff."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: Name
    name: Text = ""
    """In records from before names were sealed; since then it stands in `contacts`."""
    disciplines: tuple[Discipline, ...] = Field(min_length=1)
    languages: tuple[Text, ...] = ("en",)
    contact_methods: tuple[ContactMethod, ...] = Field(default=(), max_length=5)


class Team(BaseModel):
    """A crew as rostered: its response model and the districts it serves."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    team_id: Name
    model: Text
    primary_districts: tuple[Text, ...] = ()
    secondary_districts: tuple[Text, ...] = ()
    """Empty in both: serves every district."""
    pool: Text = "default"
    further_models: tuple[Text, ...] = Field(default=(), max_length=15)
    """Other response models that its crew can go as; a response asks for its own crew in any case."""

    @property
    def models(self) -> tuple[str, ...]:
        """Every response model that it can go as."""
        return (self.model, *self.further_models)
