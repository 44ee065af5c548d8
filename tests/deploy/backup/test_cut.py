"""Journals are cut off so that none refers to what is not there, whenever somebody looks at them."""

from __future__ import annotations

from random import Random

import pytest

from deploy.backup.cut import BehindItsReaders, Reference, consistent_ends
from shared.engine.broker import TopicPartition

JOURNALS = ("decisions", "assignments", "notifications", "rosters")
CALLS = "calls"


class Cluster:
    """Journals whose writers read each other and the calls, and one who looks at them one after the other."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.calls = 0
        self.journals: dict[str, list[Reference]] = {name: [] for name in JOURNALS}
        self.reached: dict[str, dict[str, int]] = {name: {} for name in JOURNALS}

    def go_on(self, most: int) -> None:
        """Some calls come, and some writers read some of what there is and write some records, a batch at a time."""
        for _ in range(self.dice.randrange(most)):
            self.calls += self.dice.randrange(3)
            name = self.dice.choice(JOURNALS)
            for topic in self.dice.sample((*JOURNALS, CALLS), self.dice.randrange(5)):
                before = self.reached[name].get(topic, 0)
                self.reached[name][topic] = self.dice.randint(before, self.end(topic))
            first = self.end(name)
            stated = {} if self.dice.random() < 0.1 else dict(self.reached[name])
            batch = self.dice.randint(1, 3)
            self.journals[name] += [Reference(first + index, stated) for index in range(batch)]

    def end(self, topic: str) -> int:
        return self.calls if topic == CALLS else len(self.journals[topic])

    def look(self, *topics: str, busy: int) -> dict[TopicPartition, int]:
        ends = {}
        for topic in topics:
            ends[topic, 0] = self.end(topic)
            self.go_on(busy)
        return ends


@pytest.mark.parametrize("seed", range(300))
def test_what_is_left_refers_to_itself_alone_and_lacks_only_what_came_while_one_looked(seed: int) -> None:
    cluster = Cluster(seed)
    cluster.go_on(60)
    least = cluster.look(*JOURNALS, busy=8)
    ends = cluster.look(*JOURNALS, busy=8) | cluster.look(CALLS, busy=8)
    latest = {(name, 0): cluster.journals[name][max(0, least[name, 0] - 5) : ends[name, 0]] for name in JOURNALS}
    cut = consistent_ends(ends, latest, least)
    for name in JOURNALS:
        assert least[name, 0] <= cut[name, 0] <= ends[name, 0]
        for record in cluster.journals[name][: cut[name, 0]]:
            assert all(position <= cut[topic, 0] for topic, position in record.positions.items())
        if cut[name, 0] < ends[name, 0]:
            left_out = cluster.journals[name][cut[name, 0]]
            assert any(position > cut[topic, 0] for topic, position in left_out.positions.items()), "for no reason"


def test_an_end_that_a_broker_tells_too_low_is_noticed() -> None:
    latest = {("decisions", 0): [Reference(6, {CALLS: 9}), Reference(7, {CALLS: 10})]}
    assert consistent_ends({("decisions", 0): 8, (CALLS, 0): 9}, latest, {("decisions", 0): 7})["decisions", 0] == 7
    with pytest.raises(BehindItsReaders, match="decisions/0"):
        consistent_ends({("decisions", 0): 8, (CALLS, 0): 8}, latest, {("decisions", 0): 7})
