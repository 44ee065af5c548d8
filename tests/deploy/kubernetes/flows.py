"""Who may speak to whom, as Kubernetes reads network policies: both ends have to allow it, if any policy is on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from tests.deploy.kubernetes.cluster import chosen_by

Way = Literal["ingress", "egress"]


@dataclass(frozen=True)
class End:
    """A pod, or an address outside."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = "careroute"
    roles: dict[str, str] = field(default_factory=dict)
    """The labels of its namespace."""
    address: str = ""
    """Of whatever is no pod."""

    @property
    def is_outside(self) -> bool:
        """Whether our policies are not on it."""
        return bool(self.address) or self.namespace != "careroute"


@dataclass(frozen=True)
class Policies:
    """The policies of a namespace."""

    policies: Sequence[dict[str, Any]]

    def allow(self, one: End, other: End, port: int) -> bool:
        return self._lets("egress", one, other, port) and self._lets("ingress", other, one, port)

    def _lets(self, way: Way, end: End, other: End, port: int) -> bool:
        """Whether the policies on one end let it speak to the other, or be spoken to."""
        if end.is_outside:
            return True
        rules = [rule for policy in self._on(end, way) for rule in policy["spec"].get(way, ())]
        return not [*self._on(end, way)] or any(_names(rule, way, other, port) for rule in rules)

    def _on(self, end: End, way: Way) -> Iterator[dict[str, Any]]:
        for policy in self.policies:
            spec = policy["spec"]
            assert "policyTypes" in spec, "said, and not guessed from what stands there"
            if way.title() in spec["policyTypes"] and chosen_by(spec["podSelector"], end.labels):
                yield policy


def _names(rule: dict[str, Any], way: Way, other: End, port: int) -> bool:
    ports = [each["port"] for each in rule.get("ports", ())]
    peers = rule.get("from" if way == "ingress" else "to")
    return (not ports or port in ports) and (peers is None or any(_is(peer, other) for peer in peers))


def _is(peer: dict[str, Any], end: End) -> bool:
    if "ipBlock" in peer:
        return bool(end.address) and _covers(peer["ipBlock"], end.address)
    if end.address:
        return False
    namespace = peer.get("namespaceSelector")
    in_namespace = end.namespace == "careroute" if namespace is None else chosen_by(namespace, end.roles)
    return in_namespace and chosen_by(peer.get("podSelector", {}), end.labels)


def _covers(block: dict[str, Any], address: str) -> bool:
    there = ip_address(address)
    return there in ip_network(block["cidr"]) and not any(there in ip_network(net) for net in block.get("except", ()))
