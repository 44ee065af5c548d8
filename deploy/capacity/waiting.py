"""How long a version waits for a core that takes each in the same time: the queue M/D/1.

Versions come independently of each other (Poisson). The mean is Pollaczek and Khinchine's. For percentiles the tail of
the waiting time is taken as an exponential, with its exact rate and constant (Cramér and Lundberg; Abate, Choudhury and
Whitt, "Exponential approximations for tail probabilities in queues, I", Operations Research 43, 1995), which is close
from the 90th percentile on. A test compares both with queues that are played through.
"""

from __future__ import annotations

import math

ROUNDS = 200


def mean_wait(rate: float, service: float) -> float:
    """The mean time in the queue, in the unit of `service`; infinite where more comes than can be taken."""
    busy = rate * service
    return math.inf if busy >= 1 else busy * service / (2 * (1 - busy))


def wait_at(share: float, rate: float, service: float) -> float:
    """The time in the queue that a share of the versions does not exceed."""
    busy = rate * service
    if busy >= 1:
        return math.inf
    if busy <= 1 - share:
        return 0.0  # fewer than that wait at all
    decay = _decay(busy) / service
    constant = (1 - busy) / (busy * math.exp(decay * service) - 1)
    return max(0.0, math.log(constant / (1 - share)) / decay)


def _decay(busy: float) -> float:
    """The rate at which the tail falls in one service time: the positive root of busy · (e^x - 1) = x."""
    low, high = 0.0, 1.0
    while busy * math.expm1(high) < high:
        low, high = high, 2 * high
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if busy * math.expm1(middle) < middle else (low, middle)
    return high
