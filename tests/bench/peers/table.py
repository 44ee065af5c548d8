"""The peers as one table of Markdown: facts alone, each beside what it was measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hdrh.histogram import HdrHistogram

from deploy.local.kafka.node import CHECKOUT
from tests.bench.latency import figures
from tests.bench.peers.feed import NEW_EVERY
from tests.bench.peers.trial import Load, Result

README = CHECKOUT / "README.md"
START, END = '<!-- peers: written by `make bench ARGS="--peers"` -->\n', "<!-- end of peers -->"
NOT_MEASURED = "not measured"
HEAD = (
    "host", "guarantee", "state after a restart", "bare hop, ms", "decision, ms", "page or outcome, ms",
    "CPU, ms a version", "back after a kill, s", "backlog, versions/s", "lost", "doubled", "out of order",
)  # fmt: skip


def table(results: Sequence[Result], versions: Mapping[str, str]) -> str:
    """A row a host; in brackets, how many times the bare hop a latency is."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_row(result, versions) for result in results)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def caption(load: Load, machine: str) -> str:
    """What was measured, and on what."""
    return (
        f"On {machine}, with Kafka on the same machine: {load.rate} versions of calls a second for {load.seconds:.0f} "
        f"s, one in {NEW_EVERY} that of a new call; as long again, with all three processes killed and started anew; "
        f"then {load.backlog} versions that wait. Latencies are p50 / p99 of new calls, from when one was due until a "
        "reader of what is committed sees its decision, and its page or outcome (three or four hops); in brackets, how "
        "many times the bare hop (append and read, measured just before) they are. CPU is that of the three processes."
    )


def write(text: str) -> None:
    """Put it into the README."""
    before, rest = README.read_text("utf-8").split(START, 1)
    README.write_text(before + START + text + END + rest.split(END, 1)[1], "utf-8")


def _row(result: Result, versions: Mapping[str, str]) -> tuple[str, ...]:
    peer, counted = result.peer, result.counted
    return (
        f"{peer.package} {versions[peer.package]}" if peer.package else "careroute",
        peer.guarantee,
        peer.keeps,
        _latency(result.floor),
        _latency(result.hop, result.floor),
        _latency(result.chain, result.floor),
        NOT_MEASURED if result.cpu_ms is None else f"{result.cpu_ms:.1f}",
        result.back_seconds or NOT_MEASURED,
        result.drained or NOT_MEASURED,
        *(
            (f"{counted.lost} of {result.calls}", f"{counted.doubled}", f"{counted.disordered}")
            if counted is not None
            else (NOT_MEASURED,) * 3
        ),
    )


def _latency(histogram: HdrHistogram | None, floor: HdrHistogram | None = None) -> str:
    if histogram is None or not histogram.total_count:
        return NOT_MEASURED
    own = figures(histogram)
    written = f"{own['p50']:.0f} / {own['p99']:.0f}"
    if floor is None or not floor.total_count:
        return written
    bare = figures(floor)
    return f"{written} ({own['p50'] / bare['p50']:.1f} / {own['p99'] / bare['p99']:.1f})"
