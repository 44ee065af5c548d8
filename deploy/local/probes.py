"""The prober on this machine: a probe agency for every partition, and a beat for every agency that is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from deploy.local.access import Access, AgencySpec, SourceSpec
from shared import probes
from shared.agencies import is_probe
from shared.engine.kafka import KafkaBroker
from shared.private_file import write_private
from shared.probes import Beat, ProbeAgency, Probes

BEAT, READER = "synthetic", "prober"
"""The source of a real agency's beat, and who reads for it."""


def probed(agencies: Iterable[AgencySpec], prober_url: str, partitions: int) -> tuple[AgencySpec, ...]:
    """The agencies, each with a source for its beat, and beside them those that are made up."""
    names = probes.names_on(partitions, KafkaBroker("", partitions).partition_of)
    return (*map(_with_beat, agencies), *(_made_up(name, prober_url) for name in names))


def _with_beat(agency: AgencySpec) -> AgencySpec:
    sources = (*agency.sources, SourceSpec(BEAT, kind="synthetic"))
    return replace(agency, sources=sources, people={**agency.people, READER: ("viewer",)})


def _made_up(name: str, prober_url: str) -> AgencySpec:
    return AgencySpec(name, (SourceSpec(probes.SOURCE, probes.cad_url(prober_url, name)),), probes.PEOPLE)


def probes_with(access: Access, agencies: Iterable[AgencySpec], partitions: int) -> Probes:
    """What the prober knocks with at these agencies."""
    broker, made_up, beats = KafkaBroker("", partitions), dict[str, ProbeAgency](), dict[str, Beat]()
    for agency in agencies:
        if is_probe(agency.name):
            made_up[agency.name] = ProbeAgency(
                partition=broker.partition_of(agency.name),
                key=access.key(agency.name, probes.SOURCE),
                webhook_secret=access.webhook_secret(agency.name, probes.SOURCE),
                page_secret=access.page_secret(agency.name),
                tokens={person: access.token(agency.name, person) for person in probes.PEOPLE},
            )
        elif BEAT in [source.name for source in agency.sources]:
            key, token = access.key(agency.name, BEAT), access.token(agency.name, READER)
            beats[agency.name] = Beat(source=BEAT, key=key, token=token)
    return Probes(agencies=made_up, beats=beats)


def write_probes(path: Path, written: Probes) -> None:
    """Write the probes file, for its owner's eyes only."""
    write_private(path, probes.probes_text(written))
