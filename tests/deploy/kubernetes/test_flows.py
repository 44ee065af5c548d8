"""The network lets processes do what their code does, and nobody anything else."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

from deploy.local.programs import DOORS
from shared.config import KafkaSettings, variable_of
from tests.deploy.kubernetes.cluster import Cluster, Resource
from tests.deploy.kubernetes.flows import End, Policies

KAFKA = End("kafka", {"strimzi.io/cluster": "careroute", "strimzi.io/name": "careroute-kafka"})
ENTITIES = End("entity-operator", {"strimzi.io/cluster": "careroute", "strimzi.io/name": "careroute-entity-operator"})
STRANGER = End("stranger", {"app": "stranger"})
INGRESS = End("ingress", {"app": "proxy"}, "ingress", {"careroute/role": "ingress"})
PROMETHEUS = End("prometheus", {"app": "prometheus"}, "monitoring", {"careroute/role": "monitoring"})
DATABASE = End("database", {"app": "postgresql"}, "postgresql", {"careroute/role": "database"})
ELSEWHERE = End("elsewhere", {"app": "payroll"}, "payroll", {"kubernetes.io/metadata.name": "payroll"})
NAMES = End("names", {"k8s-app": "kube-dns"}, "kube-system", {"kubernetes.io/metadata.name": "kube-system"})
CAD = End("cad", address="203.0.113.7")
CAD_BY_IPV6 = End("cad by ipv6", address="2001:db8::7")
INSIDE = End("another machine inside", address="10.9.9.9")
METADATA = End("the cloud's metadata", address="169.254.169.254")
OUTSIDE = (CAD, CAD_BY_IPV6, INSIDE, METADATA)
PORTS = (53, 443, 465, 587, 5432, 6443, 8000, 9090, 9093, 9100)
TELLS_OTHERS = {
    "notification": "CADs' webhooks, carriers, push services",
    "callbacks": "asks carriers what they do not tell",
    "console": "the identity provider, `careroute watch`",
    "auditor": "`careroute watch`",
    "prober": "who is alarmed, `careroute watch`, the pocket page as phones see it",
}
"""Who speaks to something outside the cluster, and to what."""

Flow = tuple[str, str, int]


def test_exactly_what_the_code_needs_is_allowed(cluster: Cluster) -> None:
    pods = [End(process.name, process.labels) for process in cluster.processes]
    ends = [*pods, KAFKA, ENTITIES, STRANGER, INGRESS, PROMETHEUS, DATABASE, ELSEWHERE, NAMES, *OUTSIDE]
    policies = Policies([*cluster.of("NetworkPolicy"), of_strimzi(cluster)])
    allowed = {
        (one.name, other.name, port)
        for one, other, port in product(ends, ends, PORTS)
        if one != other and not (one.is_outside and other.is_outside) and policies.allow(one, other, port)
    }
    assert {flow for flow in allowed if not is_kafkas_own(flow)} == expected(cluster)


def of_strimzi(cluster: Cluster) -> Resource:
    """The policy that it makes by itself: from the listener, and for its own among each other."""
    (listener,) = cluster.only("Kafka")["spec"]["kafka"]["listeners"]
    own = {"matchLabels": {"strimzi.io/cluster": "careroute"}}
    clients = {"from": listener["networkPolicyPeers"], "ports": [{"port": listener["port"]}]}
    ingress = [clients, {"from": [{"podSelector": own}]}]
    return {"spec": {"podSelector": own, "policyTypes": ["Ingress"], "ingress": ingress}}


def is_kafkas_own(flow: Flow) -> bool:
    """Kafka's nodes and Strimzi's operators among each other, and with Kubernetes."""
    own = {KAFKA.name, ENTITIES.name}
    return flow[0] in own and (flow[1] in own or flow[2] in (443, 6443) or flow[1:] == (NAMES.name, 53))


def expected(cluster: Cluster) -> set[Flow]:
    flows: set[Flow] = {("stranger", NAMES.name, 53)}
    for process in cluster.processes:
        name = process.name
        flows.add((name, NAMES.name, 53))
        if process in cluster.services:
            flows.add((PROMETHEUS.name, name, 9100))
        if issubclass(process.settings_class, KafkaSettings):
            flows.add((name, KAFKA.name, 9093))
        if name in DOORS - {"reporting"}:
            flows.add((INGRESS.name, name, 8000))
        fields = {variable_of(field) for field in process.settings_class.model_fields}
        for variable in fields & process.environment.keys():
            address = urlsplit(process.environment[variable])
            if address.scheme == "http":
                host = str(address.hostname)
                flows.add((name, PROMETHEUS.name if host.startswith("prometheus") else host, int(address.port or 80)))
        if name in TELLS_OTHERS:
            flows |= {(name, CAD.name, 443), (name, CAD_BY_IPV6.name, 443)}
        if f"CAREROUTE_{process.principal.upper()}_DATABASE_URL_FILE" in process.environment:
            flows.add((name, DATABASE.name, 5432))
        if name == "notification":
            flows |= {(name, cad.name, port) for cad in (CAD, CAD_BY_IPV6) for port in (465, 587)}
    return flows


def test_who_tells_others_is_who_has_a_setting_for_it(cluster: Cluster) -> None:
    """Whoever comes to have one needs a way out, and whoever has none gets none."""
    outward = {"watch_url", "alarm_url", "oidc_issuer", "push_key"}
    with_setting = {
        process.name for process in cluster.services if outward & process.settings_class.model_fields.keys()
    }
    assert with_setting | {"callbacks"} == TELLS_OTHERS.keys()
