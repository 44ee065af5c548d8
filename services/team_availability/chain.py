"""The fall-back chain of an open call at one moment: which response is tried, which follows, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import dropwhile

from services.team_availability.plan import PHONE, Option
from services.team_availability.state import CallState, State
from shared.call import SYNTHETIC
from shared.judgement import HOLD, Attempt, Step


@dataclass(frozen=True, slots=True)
class Chain:
    """What is left to try for a call, as its plan and the switchboard stand."""

    state: State
    call: CallState

    @property
    def current(self) -> Option | None:
        """The response to try in this step; None at the end of the chain, or where no response is left."""
        return None if self.step.attempt == "default" else next(iter(self._from_current()), None)

    @property
    def step(self) -> Step:
        """Where the chain stands."""
        return self._steps[self.call.running.step]

    @property
    def later_steps(self) -> tuple[Step, ...]:
        """Those behind it."""
        return self._steps[self.call.running.step + 1 :]

    @property
    def any_pool(self) -> bool:
        """Whether teams of other pools are asked after the response's own: where a step or a dispatcher says so."""
        return self.call.running.override is not None or self.step.attempt == "neighbour pool"

    def behind(self, option: Option) -> tuple[Option, ...]:
        """The responses that may be tried once `option` is out of the question."""
        return tuple(other for other in self._from_current() if other.response != option.response)

    def expiry(self, option: Option, now: datetime) -> datetime:
        """When an offer made now expires: with the offer's own time, the step's or the episode's, the first of them."""
        episode = self.call.running
        answer_seconds = self.state.timings(self.call).answer_seconds(option)
        bounds = [now + timedelta(seconds=answer_seconds), episode.deadline]
        if self.step.attempt == HOLD:
            return min(bounds)  # while the call waits, an offer has its own time
        if episode.step_ends_at is not None:
            bounds.append(episode.step_ends_at)
        elif episode.override is None:
            bounds.append(now + timedelta(seconds=self.step.seconds))
        return min(bounds)

    @property
    def waited_for(self) -> tuple[Option, ...]:
        """The responses of which a team that comes free may be asked while the call waits: without another question."""
        confirmed = self.call.running.confirmed
        return tuple(option for option in self._options if option.phase == "live" or option.response in confirmed)

    def following(self, option: Option, attempt: Attempt) -> str | None:
        """The other response that a step goes on to from `option`: the next in order, or the one by telephone."""
        if attempt == "phone":
            return next((other.response for other in self._options if other.reached_by == PHONE), None)
        if attempt != "next response":
            return None
        tried = (option.response, self.call.running.response)
        return next((other.response for other in self._from_current() if other.response not in tried), None)

    @property
    def why_over(self) -> tuple[str, ...]:
        """Why nothing is left to try, though the call is suitable."""
        is_held = any(self._is_paused(option) for option in self._allowed)
        reasons = (*self.call.running.reasons, *(("paused",) if is_held else ()))
        if self.call.reported.synthetic:
            return (*reasons, SYNTHETIC)
        options = self.call.plan.options if self.call.plan else ()
        return reasons or tuple(reason for option in options for reason in option.reasons) or ("no-response",)

    # --- the order of responses

    @property
    def _steps(self) -> tuple[Step, ...]:
        """The programme's; what a dispatcher sends is offered on and on until the deadline."""
        if self.call.plan is None or self.call.running.override is not None:
            return _WITHOUT_CHAIN
        return self.call.plan.steps

    def _from_current(self) -> tuple[Option, ...]:
        """The response being tried, if it may still go, and those after it."""
        episode, plan = self.call.running, self.call.plan
        names = [option.response for option in plan.options] if plan else []
        if episode.override is not None or episode.response not in names:
            return self._options  # from the first: none was tried yet, or the plan has changed since
        current, *after = dropwhile(lambda name: name != episode.response, names)
        left = [current, *(name for name in after if name not in episode.tried_out_of_order)]
        if self.step.attempt == "phone":
            left = [*episode.tried_out_of_order[-1:], *left]
        options = {option.response: option for option in self._options}
        return tuple(options[name] for name in dict.fromkeys(left) if name in options)

    @property
    def _options(self) -> tuple[Option, ...]:
        """The responses that may still be tried, in order of preference."""
        return tuple(option for option in self._allowed if not self._is_paused(option))

    @property
    def _allowed(self) -> tuple[Option, ...]:
        """Those, and what only a pause holds."""
        episode, plan = self.call.running, self.call.plan
        if self.call.reported.synthetic:
            return ()  # whatever triage or anybody else says of it
        if episode.override is not None:
            sent = self.state.option(self.call, episode.override)
            return () if sent is None else (sent,)
        options = plan.options if plan else ()
        tried = (*episode.shadowed, *(self._unconfirmed(options) if episode.lapsed else ()))
        return tuple(option for option in options if option.may_go and option.response not in tried)

    def _unconfirmed(self, options: tuple[Option, ...]) -> Iterator[str]:
        """What a dispatcher would have to confirm, and has not."""
        confirmed = self.call.running.confirmed
        return (
            option.response for option in options if option.phase == "advisory" and option.response not in confirmed
        )

    def _is_paused(self, option: Option) -> bool:
        return self.state.is_paused(self.call.district, option.response)


_WITHOUT_CHAIN = (Step("same response", 0), Step("default", 0))
