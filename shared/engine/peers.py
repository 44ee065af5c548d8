"""Who of a service is alive, and who is to claim what: folded from the beats that its processes send. Pure.

It decides who should claim a partition, and how soon. Who owns it stands in the journal alone: whatever is believed
here, and however late, a claim by anybody is safe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

SILENT_BEATS = 4
"""Who is silent while another beats so many times in a row is taken for dead, if it has been regular so far.

Counted in one's own beats, as they stand in the log between the others': a process that was paused itself, and a
broker that was away, make nobody dead.
"""
MOST_SILENT_BEATS = 14
"""Who was irregular lately, because it has too little processor, is given twice its widest gap; this is the most."""
REMEMBERED_GAPS = 120


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process says of itself."""

    process: str
    """A token: started again under the same name, it is another process."""
    number: int = 0
    """Of its beats. One that comes early, because something has changed, bears the number of the last."""
    owned: Mapping[int, int] = field(default_factory=dict)
    """By partition of the journal that it owns, its epoch."""
    warm: tuple[int, ...] = ()
    """Partitions that it does not own, and could decide for at once."""
    wanted: tuple[int, ...] = ()
    """Those of them that the consumer group has given it."""
    leaves: bool = False
    """It is about to end, and takes nothing over."""


class Peers:
    """The other processes of a service that are alive, by name: the fold of everybody's beats. Pure."""

    def __init__(self, instance: str, process: str) -> None:
        """Seen from one of them."""
        self.announced: dict[int, int] = {}
        """By partition, the highest epoch that anybody has said to own it with."""
        self.woken = 0
        """How often a process that was taken for dead went on."""
        self.has_namesake = False
        """Whether another process has beaten under the same name since this one began to."""
        self._instance, self._process, self._number = instance, process, -1
        self._last: dict[str, tuple[int, Beat]] = {}
        """By name, its last beat, and the number of the own beat before it."""
        self._gaps: dict[str, deque[int]] = {}
        """By name, how many own beats went by between its last ones."""
        self._buried: dict[str, tuple[int, Beat]] = {}
        """By name, the last beat of a process that was taken for dead since."""

    @property
    def living(self) -> Mapping[str, Beat]:
        """What each says."""
        return {instance: beat for instance, (_, beat) in self._last.items()}

    def take(self, instance: str, beat: Beat) -> None:
        """Take in the next beat, of whomever."""
        for number, epoch in beat.owned.items():
            self.announced[number] = max(epoch, self.announced.get(number, 0))
        if instance != self._instance:
            self._hear(instance, beat)
        elif beat.process == self._process:
            self._number = beat.number
            silent = [name for name in self._last if beat.number - self._last[name][0] >= self._patience(name)]
            for name in silent:
                self._buried[name] = self._last.pop(name)
        elif self._number >= 0:
            self.has_namesake = True

    def _hear(self, instance: str, beat: Beat) -> None:
        buried = self._buried.pop(instance, None)
        last = self._last.get(instance, buried)
        if last is None or last[1].process != beat.process:
            self._gaps[instance] = deque(maxlen=REMEMBERED_GAPS)
        else:
            self._gaps[instance].append(self._number - last[0])
            self.woken += buried is not None
        self._last[instance] = self._number, beat

    def _patience(self, instance: str) -> int:
        """How many own beats another process may be silent for."""
        return min(MOST_SILENT_BEATS, max(SILENT_BEATS, 2 * max(self._gaps[instance], default=0)))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a process stands to the partitions of its journal: which to claim, which to hand over. Pure.

    The consumer group says who should own what as long as all is well. It learns of a death late, and of a planned
    end not at all, as its members are static; so an heir stands in, until one to whom the group has given a partition
    says that it is ready for it.
    """

    instance: str
    owned: Collection[int]
    warm: Mapping[int, int]
    """By partition that it could take over at once, the epoch in force in the journal."""
    assigned: Collection[int]
    """Those that the group has given it; none when it is about to leave."""
    peers: Mapping[str, Beat]
    announced: Mapping[int, int]

    def to_claim(self) -> list[int]:
        """What nobody alive owns and this process is to take."""
        return [number for number in sorted(self.warm) if not self.is_owned(number) and self._is_due(number)]

    def to_hand_over(self) -> list[int]:
        """What it owns and another one wants: given to that one by the group, and no longer to this one."""
        return [number for number in self.owned if number not in self.assigned and self._is_wanted(number)]

    def to_let_go(self) -> list[int]:
        """What it owns and, leaving, need not keep: another can decide for it at once, or nobody else stays."""
        heirs = [beat for beat in self.peers.values() if not beat.leaves]
        return [number for number in self.owned if not heirs or any(number in beat.warm for beat in heirs)]

    def wanted(self) -> list[int]:
        """What the group has given it, and it could have at once."""
        return sorted(number for number in self.warm if number in self.assigned)

    def is_owned(self, number: int) -> bool:
        """Whether another living process says that it owns it."""
        return any(number in beat.owned for beat in self.peers.values())

    def _is_wanted(self, number: int) -> bool:
        return any(number in beat.wanted for beat in self.peers.values())

    def _is_due(self, number: int) -> bool:
        if number in self.assigned:
            return not (self._is_wanted(number) and self._is_unannounced(number))  # whoever wants it may have just won
        return not self._is_wanted(number) and self._is_left(number) and self._heir(number) == self.instance

    def _is_left(self, number: int) -> bool:
        """Whether its owner is known to have died or to have let go: it used to beat and says so no longer."""
        return self.warm[number] > 0 and not self._is_unannounced(number)

    def _is_unannounced(self, number: int) -> bool:
        """Whether its owner has never said that it is: it has just won, or runs a version that does not beat."""
        return 0 < self.warm[number] != self.announced.get(number)

    def _heir(self, number: int) -> str:
        """One of those that could decide at once; all of them name the same."""
        heirs = sorted([self.instance, *(name for name, beat in self.peers.items() if number in beat.warm)])
        return heirs[number % len(heirs)]
