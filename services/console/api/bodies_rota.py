"""What the bodies of requests about the rota say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from services.console.api.bodies import Body, ReasonedBody, body_of
from shared import events
from shared.call import Name
from shared.events import Rotation, ShiftPlace, ShiftRow


class NewRotation(Rotation):
    """A rotation; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


class RotationBody(Body):
    """A rotation."""

    rotation: NewRotation


class NewShiftPlace(ShiftPlace):
    """A place in a shift; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")


@body_of(events.PlanShift)
class ShiftBody(Body):
    """A shift that no rotation plans."""

    places: tuple[NewShiftPlace, ...] = Field(min_length=1, max_length=events.MAX_PLACES)


@body_of(events.MoveShift, "shift_id")
class MoveBody(ReasonedBody):
    """The other times of a shift, and why."""


ShiftKey = Annotated[str, Field(min_length=1, max_length=300, description="by which the other system knows a shift")]


class NewShiftRow(ShiftRow):
    """A shift as another system plans it; nothing else is taken."""

    model_config = ConfigDict(extra="forbid")

    key: ShiftKey
    shift_id: Literal[""] = Field(default="", description="made of the key here")


@body_of(events.ImportShifts)
class ImportBody(Body):
    """What another system plans between two instants."""

    rows: tuple[NewShiftRow, ...] = Field(max_length=events.MOST_ROWS)
    elsewhere: tuple[ShiftKey, ...] = Field(
        default=(),
        max_length=events.MOST_IMPORTED,
        description="the keys of its shifts at other times, which other requests say: they are not dropped",
    )

    def fields(self) -> dict[str, Any]:
        """What goes into the command: no key, which may name somebody."""
        rows = [
            ShiftRow.model_validate({**row.model_dump(), "key": "", "shift_id": self._shift_id(row.key)})
            for row in self.rows
        ]
        return {**super().fields(), "rows": rows, "elsewhere": [self._shift_id(key) for key in self.elsewhere]}

    def _shift_id(self, key: str) -> str:
        source: str = getattr(self, "source")  # noqa: B009  # a field of the command
        return events.imported_shift_id(source, key)


@body_of(events.TakeShift, "shift_id", "person_id")
class TakeBody(Body):
    """Which place, all of it or a part; and who takes it, if not you."""

    person_id: Name | None = None


@body_of(events.SwapShifts, "shift_id", "person_id")
class SwapBody(Body):
    """Your place in this shift, and the place in another shift that you take for it."""


@body_of(events.AskForCover, "shift_id", "person_id")
class CoverBody(Body):
    """For which place cover is wanted, all of it or a part."""


@body_of(events.SetAbsence, "person_id")
class AbsenceBody(Body):
    """From when to when somebody is away; you, if nobody is named. Why is asked of nobody."""

    person_id: Name | None = None


@body_of(events.LiftAbsence, "person_id", "absence_id")
class LiftBody(Body):
    """Who is not away after all; you, if nobody is named."""

    person_id: Name | None = None
