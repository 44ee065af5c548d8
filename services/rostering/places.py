"""Places: who takes one, swaps one, or asks for cover. Nobody has to consent, and everybody concerned hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.rostering.draft import RotaDraft
from services.rostering.gaps import fits, is_rested
from services.rostering.state import MAX_TAKEN, ShiftState
from shared.answers import done, nothing_to_do, refused
from shared.events import (
    AskForCover,
    Command,
    CommandRefused,
    CoverAsked,
    Event,
    PlaceTaken,
    SwapShifts,
    TakeShift,
)
from shared.plain import how_many
from shared.rota import Stretch, clock_in

MAX_ASKED = 100
"""How many people are asked for cover at once."""


class _Part(NamedTuple):
    """A place in a shift, all of it or a part."""

    shift: ShiftState
    place: int
    starts_at: datetime
    ends_at: datetime

    def holders(self) -> tuple[str, ...]:
        """Who has it now, in order; nobody where the name is empty."""
        stretches = self.shift.rota.stretches(self.place)
        return tuple(each.person_id for each in stretches if each.overlaps(self.starts_at, self.ends_at))

    @property
    def needs(self) -> str:
        """What whoever has it has to be trained for."""
        return self.shift.plan.places[self.place - 1].needs

    def by(self, person_id: str) -> Stretch:
        """The stretch, were it a person's."""
        return Stretch(self.starts_at, self.ends_at, person_id)

    def within(self, stretch: Stretch) -> _Part:
        """As much of it as lies in a stretch."""
        return self._replace(
            starts_at=max(self.starts_at, stretch.starts_at), ends_at=min(self.ends_at, stretch.ends_at)
        )


def take_shift(draft: RotaDraft, command: TakeShift) -> list[Event]:
    """Somebody has a place from now on; where another puts them into it, that other answers for it."""
    part = _part_of(draft, command, command.shift_id, command.place, command.starts_at, command.ends_at)
    if isinstance(part, CommandRefused):
        return [part]
    person_id, shift_id = command.person_id, command.shift_id
    before = part.holders()
    if before == (person_id,):
        return [nothing_to_do(command, f"{person_id} has the place already.", about=shift_id)]
    parts = _meant(draft, command, part)
    against = (wrong for each in parts for wrong in _against(draft, command, each, person_id))
    wrong = _by_whom(command, person_id) or next(against, None)
    if wrong is not None:
        return [wrong]
    if len(part.shift.rota.taken) + len(parts) > MAX_TAKEN:
        return [refused(command, "too-many", "The places of this shift have been taken too often: plan it anew.")]
    before = tuple(holder for each in parts for holder in each.holders())
    for each in parts:
        _take(draft, command, each, person_id)
    for other in sorted({*before} - {"", person_id, command.issued_by}):
        draft.tell("shift-moved", other, part.shift, "somebody else has your place")
    if person_id != command.issued_by:
        draft.tell("shift-moved", person_id, part.shift, "you have a place in it")
    sentences = [] if parts == (part,) else [_spoken(part.shift, parts, person_id)]
    sentences += [_warning(draft, each, person_id) for each in parts]
    return [done(command, " ".join(filter(None, dict.fromkeys(sentences))), about=shift_id)]


def _meant(draft: RotaDraft, command: TakeShift, part: _Part) -> tuple[_Part, ...]:
    """What is taken: whoever helps out, and says neither what part nor from whom, has what somebody is wanted for."""
    is_said = command.starts_at or command.ends_at or command.instead_of is not None
    if is_said or command.issued_by != command.person_id:
        return (part,)
    wanted = [
        part.within(each)
        for each in draft.state.wanted(part.shift, part.place)
        if each.person_id != command.person_id and each.overlaps(part.starts_at, part.ends_at)
    ]
    return tuple(wanted) or (part,)


def _spoken(shift: ShiftState, parts: Sequence[_Part], person_id: str) -> str:
    """Which parts of a place somebody has from now on, on the clocks of the shift."""
    plan = shift.plan
    zone, form = ZoneInfo(plan.zone), clock_in(plan.starts_at, plan.ends_at)
    spans = (f"{each.starts_at.astimezone(zone):{form}} to {each.ends_at.astimezone(zone):{form}}" for each in parts)
    return f"{person_id} has the place from {' and from '.join(spans)}."


def swap_shifts(draft: RotaDraft, command: SwapShifts) -> list[Event]:
    """Two people exchange their places, both or neither."""
    here = _part_of(draft, command, command.shift_id, command.place)
    there = _part_of(draft, command, command.other_shift_id, command.other_place)
    if isinstance(here, CommandRefused):
        return [here]
    if isinstance(there, CommandRefused):
        return [there]
    if any(len(set(part.holders())) > 1 or "" in part.holders() for part in (here, there)):
        return [refused(command, "not-one-holder", "Each of the two places must be one person's, from start to end.")]
    (first,), (second,) = here.holders(), there.holders()
    if first == second:
        return [nothing_to_do(command, f"{first} has both places.", about=command.shift_id)]
    swap = ((here, second), (there, first))
    if (wrong := next(_against_swap(draft, command, swap), None)) is not None:
        return [wrong]
    for part, person_id in swap:
        _take(draft, command, part, person_id)
    for part, person_id in swap:
        if person_id != command.issued_by:
            draft.tell("shift-moved", person_id, part.shift, "you have swapped: you have a place in it")
    warnings = [_warning(draft, part, person_id) for part, person_id in swap]
    sentence = " ".join(filter(None, (f"{second} and {first} have swapped.", *warnings)))
    return [done(command, sentence, about=command.shift_id)]


def _against_swap(
    draft: RotaDraft, command: SwapShifts, swap: tuple[tuple[_Part, str], tuple[_Part, str]]
) -> Iterator[CommandRefused]:
    """What stands against a swap; by themselves two take no place that they are not trained for, or not free for."""
    people, holder = {person_id for _, person_id in swap}, swap[0][1]
    swapped = [part for part, _ in swap]
    if command.person_id is not None and command.person_id not in people:
        yield refused(command, "not-in-place", f"{command.person_id} has neither of the two places.")
    if command.other_person_id not in (None, holder):
        yield refused(
            command, "held", f"{holder} has the other place by now, not {command.other_person_id}: look again."
        )
    if command.issued_by not in people and not command.reason.strip():
        yield refused(command, "no-reason", "Say why two other people swap.")
    for part, person_id in swap:
        yield from _unfit(draft, command, part, person_id)
        if command.issued_by in people and not fits(draft.state, part.needs, person_id):
            yield refused(command, "not-trained", f"The place needs: {part.needs}, which {person_id} is not.")
        if command.issued_by in people and _is_elsewhere(draft, part, person_id, but=swapped):
            yield refused(command, "elsewhere", f"{person_id} has another place at that time.")


def ask_for_cover(draft: RotaDraft, command: AskForCover) -> list[Event]:
    """Ask everybody who could take a place; the first who does has it."""
    part = _part_of(draft, command, command.shift_id, command.place, command.starts_at, command.ends_at)
    if isinstance(part, CommandRefused):
        return [part]
    shift_id, rota = command.shift_id, part.shift.rota
    part, starts_at, ends_at = _own(command, part)
    holders = tuple(holder for holder in part.holders() if holder)
    if len(set(holders)) > 1:
        return [refused(command, "not-one-holder", "Several people have parts of this place: name the part.")]
    holder = holders[0] if holders else ""
    if command.person_id not in (None, holder):
        return [refused(command, "not-in-place", f"{command.person_id} does not have this place.")]
    if (wrong := _by_whom(command, holder)) is not None:
        return [wrong]
    earlier: list[str] = []
    for cover in part.shift.covers:
        sought = rota.sought(cover)
        if (cover.place, cover.person_id) != (part.place, holder) or not sought.overlaps(*part.by(holder)[:2]):
            continue
        if sought.starts_at <= part.starts_at and part.ends_at <= sought.ends_at:
            return [nothing_to_do(command, "Cover has been asked for already.", about=shift_id)]
        earlier += cover.asked
        starts_at = min(starts_at, cover.starts_at) if starts_at and cover.starts_at else None
        ends_at = max(ends_at, cover.ends_at) if ends_at and cover.ends_at else None
        part = part._replace(
            starts_at=min(part.starts_at, max(sought.starts_at, draft.now)), ends_at=max(part.ends_at, sought.ends_at)
        )
    suited = tuple(_suited(draft, part))[:MAX_ASKED]
    draft.emit(
        CoverAsked(
            shift_id=shift_id,
            team_id=part.shift.plan.team_id,
            place=part.place,
            person_id=holder,
            starts_at=starts_at,
            ends_at=ends_at,
            asked=tuple(dict.fromkeys((*suited, *earlier))),  # who could take a part alone hears the end of it too
            asked_by=command.issued_by,
        )
    )
    for person_id in suited:
        draft.tell("cover", person_id, part.shift, "cover is wanted", not_after=part.ends_at)
    asked = f"People asked: {len(suited)}." if suited else "Nobody else could take it: trained, free and rested."
    return [done(command, asked, about=shift_id)]


def _own(command: AskForCover, part: _Part) -> tuple[_Part, datetime | None, datetime | None]:
    """What cover is asked for, with its bounds where they are not the shift's: who says no part means their own."""
    plan, stretches = part.shift.plan, part.shift.rota.stretches(part.place)
    own = [each for each in stretches if each.person_id == command.person_id and each.overlaps(*part.by("")[:2])]
    if command.starts_at or command.ends_at or len(own) != 1:
        return part, command.starts_at, command.ends_at
    starts_at, ends_at, _ = own[0]
    return (
        part.within(own[0]),
        starts_at if starts_at > plan.starts_at else None,
        ends_at if ends_at < plan.ends_at else None,
    )


def _suited(draft: RotaDraft, part: _Part) -> Iterator[str]:
    """Who could take it: trained for it, not away, in no other shift then, and rested before."""
    here = {*part.shift.rota.people()}
    for person_id in sorted(draft.state.staff):
        if person_id not in here and _could_take(draft, part, person_id):
            yield person_id


def _could_take(draft: RotaDraft, part: _Part, person_id: str) -> bool:
    state, stretch = draft.state, part.by(person_id)
    return (
        fits(state, part.needs, person_id)
        and not state.is_away(person_id, part.starts_at, part.ends_at)
        and not _is_elsewhere(draft, part, person_id)
        and is_rested(state, part.shift, stretch)
    )


def _is_elsewhere(draft: RotaDraft, part: _Part, person_id: str, but: Sequence[_Part] = ()) -> bool:
    """Whether a person is in another shift, or in another place of this one, at the same time; `but` for some."""
    passed_over = {(each.shift.plan.shift_id, each.place) for each in (part, *but)}
    for shift in draft.state.shifts_near(person_id, part.starts_at, part.ends_at):
        for place, stretches in shift.rota.places():
            if (shift.plan.shift_id, place) not in passed_over and any(
                each.person_id == person_id and each.overlaps(part.starts_at, part.ends_at) for each in stretches
            ):
                return True
    return False


def _take(draft: RotaDraft, command: TakeShift | SwapShifts, part: _Part, person_id: str) -> None:
    before = [holder for holder in part.holders() if holder and holder != person_id]
    plan = part.shift.plan
    draft.emit(
        PlaceTaken(
            shift_id=plan.shift_id,
            team_id=plan.team_id,
            place=part.place,
            person_id=person_id,
            instead_of=before[0] if before else "",
            starts_at=part.starts_at if part.starts_at > plan.starts_at else None,
            ends_at=part.ends_at if part.ends_at < plan.ends_at else None,
            taken_by="" if command.issued_by == person_id else command.issued_by,
        )
    )


def _part_of(  # noqa: PLR0917  # the place, and the part of it
    draft: RotaDraft,
    command: Command,
    shift_id: str,
    place: int,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> _Part | CommandRefused:
    """The place that a command is about, from now on where nothing else is said; or why there is none."""
    shift = draft.shift(shift_id)
    if shift is None:
        return refused(
            command, "unknown-shift", f"There is no shift {shift_id} from now on: it is over, or was dropped."
        )
    plan = shift.plan
    if place > len(plan.places):
        return refused(command, "unknown-place", f"The shift has {how_many(len(plan.places), 'place')}.")
    begins = max(starts_at or draft.now, plan.starts_at)
    part = _Part(shift, place, begins, min(ends_at or plan.ends_at, plan.ends_at))
    if part.ends_at <= part.starts_at or part.ends_at <= draft.now:
        return refused(command, "not-in-shift", "Nothing of the shift lies between these two times from now on.")
    return part


def _by_whom(command: Command, person_id: str) -> CommandRefused | None:
    """Whoever speaks for another says why."""
    if command.issued_by == person_id or command.reason.strip():
        return None
    return refused(command, "no-reason", f"Say why, as you are not {person_id or 'in the place'} yourself.")


def _against(draft: RotaDraft, command: TakeShift, part: _Part, person_id: str) -> Iterator[CommandRefused]:
    """What stands against a person's taking a place; a person who puts another into it may know better."""
    yield from _unfit(draft, command, part, person_id)
    if command.issued_by == person_id:
        if not fits(draft.state, part.needs, person_id):
            yield refused(command, "not-trained", f"The place needs: {part.needs}.")
        if _is_elsewhere(draft, part, person_id):
            yield refused(command, "elsewhere", f"{person_id} has another place at that time.")
    yield from _held(draft, command, part)


def _held(draft: RotaDraft, command: TakeShift, part: _Part) -> Iterator[CommandRefused]:
    """Whether somebody else has it than whoever takes it knows: of two who would help out the first one has it."""
    wanted = draft.state.wanted(part.shift, part.place)
    for stretch in part.shift.rota.stretches(part.place):
        other = stretch.person_id
        if other in ("", command.person_id) or not stretch.overlaps(part.starts_at, part.ends_at):
            continue
        if command.instead_of is not None:
            if other != command.instead_of:
                yield refused(command, "held", f"{other} has the place by now.")
        elif command.issued_by == command.person_id:
            own = part.within(stretch)
            if not any(each.starts_at <= own.starts_at and own.ends_at <= each.ends_at for each in wanted):
                yield refused(command, "held", f"{other} has the place. If that is agreed, say instead of whom.")


def _unfit(draft: RotaDraft, command: Command, part: _Part, person_id: str) -> Iterator[CommandRefused]:
    """What stands against it whoever says so."""
    if person_id not in draft.state.staff:
        yield refused(command, "unknown-person", f"There is no {person_id} among the staff.")
    if draft.state.is_away(person_id, max(part.starts_at, draft.now), part.ends_at):
        yield refused(command, "absent", f"{person_id} is away at that time: lift the absence first.")


def _warning(draft: RotaDraft, part: _Part, person_id: str) -> str:
    """What somebody should know who has put a person into a place."""
    warnings = []
    if not fits(draft.state, part.needs, person_id):
        warnings.append(f"{person_id} is not trained for the place, which needs: {part.needs}.")
    if _is_elsewhere(draft, part, person_id):
        warnings.append(f"{person_id} is in another shift, or in another place of this one, at the same time.")
    elif not is_rested(draft.state, part.shift, part.by(person_id)):
        warnings.append(f"{person_id} has less than {how_many(part.shift.plan.rest_hours, 'hour')} of rest before it.")
    if not draft.state.is_reachable(person_id):
        warnings.append(f"No way to {person_id} has been proved.")
    return " ".join(warnings)
