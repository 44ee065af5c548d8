"""The verdict: every call that was acknowledged to its CAD has exactly one routing outcome for each of its episodes.

Joined from the sender's own list of 2xx answers and the topics. Also wrong: a call or a team assigned twice, a page
that went out twice or too late, a dead letter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from deploy.demo.ledger import Ledger

LATE_SECONDS = 1.0
"""How long after its deadline an outcome may be recorded."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; it is good when nothing is wrong."""

    versions: int
    """Versions of calls in the sender's list."""
    calls: int
    episodes: int
    outcomes: int
    late: int
    """Outcomes recorded more than a second after their deadline."""
    wrong: tuple[str, ...]
    lost: int = 0
    """Acknowledged calls that lack a version, an episode or an outcome."""
    also: tuple[str, ...] = ()
    """Sentences on what else has been shown."""

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not self.wrong

    @property
    def sentence(self) -> str:
        """The verdict line."""
        if self.good:
            return (
                f"{self.versions} versions of {self.calls} calls acknowledged, {self.episodes} episodes, "
                f"{self.outcomes} outcomes, exactly one each: 0 lost, 0 unaccounted."
            ) + "".join(f" {sentence}" for sentence in self.also)
        return f"{len(self.wrong)} promises broken: " + "; ".join(self.wrong[:10])


def verdict(
    ledger: Ledger,
    acknowledged: Collection[tuple[str, str]],
    pages_received: Mapping[str, int],
    pages_sent_late: int = 0,
    forged: Iterable[str] = (),
) -> Verdict:
    """`acknowledged`: call and event id of each 2xx answer; `pages_received`: how often each page came.

    `forged`: ids of messages with a wrong signature; those that no journal knows another stack has sent.
    """
    call_ids = {call_id for call_id, _ in acknowledged}
    wrong = [
        *(f"{call_id}: version {event_id} was acknowledged and is not in the topic"
          for call_id, event_id in acknowledged if (call_id, event_id) not in ledger.versions),
        *(fault for call_id in sorted(call_ids | ledger.calls.keys()) for fault in _faults(call_id, ledger)),
        *ledger.wrong,
        *(f"page {page_id} came {count} times" for page_id, count in pages_received.items() if count > 1),
    ]  # fmt: skip
    if pages_sent_late:
        wrong.append(f"{pages_sent_late} pages were sent after their time")
    if ours := ledger.message_ids.intersection(forged):
        wrong.append(f"{len(ours)} messages had a wrong signature")
    if ledger.dead_letters:
        wrong.append(f"{ledger.dead_letters} dead letters")
    episodes = [episode for call_id in call_ids for episode in ledger.calls[call_id].episodes.values()]
    late = sum(
        1
        for episode in episodes
        if episode.routed_at and (episode.routed_at - episode.deadline).total_seconds() > LATE_SECONDS
    )
    outcomes = sum(len(episode.outcomes) for episode in episodes)
    lost = unsettled(ledger, acknowledged)
    return Verdict(len(acknowledged), len(call_ids), len(episodes), outcomes, late, tuple(wrong), lost)


def unsettled(ledger: Ledger, acknowledged: Iterable[tuple[str, str]]) -> int:
    """How many acknowledged calls still wait: to be read, for an episode, or for an outcome."""
    waiting = {call_id for call_id, event_id in acknowledged if (call_id, event_id) not in ledger.versions}
    for call_id, history in ledger.calls.items():
        owes_episode = len(history.episodes) < history.owed_episodes and not history.stale
        if owes_episode or any(not episode.outcomes for episode in history.episodes.values()):
            waiting.add(call_id)
    return len(waiting)


def outcomes_by_district(ledger: Ledger) -> dict[str, Counter[str]]:
    """How many episodes of each district ended in which outcome."""
    districts: dict[str, Counter[str]] = {}
    for history in ledger.calls.values():
        for episode in history.episodes.values():
            counts = districts.setdefault(episode.district or "unknown", Counter())
            counts[episode.outcomes[0] if episode.outcomes else "open"] += 1
    return dict(sorted(districts.items()))


def reasons(ledger: Ledger) -> Counter[str]:
    """How often each reason stands beside an outcome; every outcome but an acceptance has one."""
    counts: Counter[str] = Counter()
    for history in ledger.calls.values():
        for episode in history.episodes.values():
            if episode.outcomes and episode.outcomes[0] not in ("team-accepted", "phone-accepted"):
                outcome = episode.outcomes[0]
                counts.update(f"{outcome} ({reason})" for reason in episode.reasons or ("no reason given",))
    return counts


def _faults(call_id: str, ledger: Ledger) -> Iterable[str]:
    history = ledger.calls[call_id]
    if len(history.episodes) < history.owed_episodes and not history.stale:
        yield f"{call_id}: {len(history.episodes)} episodes, {history.owed_episodes} owed"
    for number, episode in history.episodes.items():
        if len(episode.outcomes) != 1:
            got = " and ".join(episode.outcomes) or "no outcome"
            yield f"{call_id}, episode {number}: {got}"
        elif episode.outcomes[0] == "default" and not episode.reasons:
            yield f"{call_id}, episode {number}: default without a reason"
        if episode.outcomes and episode.outcomes[0] == "team-accepted" and not episode.overridden:
            phases = [phase for name, phase in ledger.phases.items() if name.endswith(f"/{episode.district}")]
            if phases and set(phases) <= {"off", "shadow"}:
                yield f"{call_id}: a team was sent in {episode.district}, which is {' and '.join(set(phases))}"
