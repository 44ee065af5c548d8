"""B7, F14: where a webhook may go, said where it is defined."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.config import NotificationSettings
from shared.addresses import UrlRefused, may_reach, reachable, well_formed
from shared.sealing import new_key

HERE = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"))


@pytest.mark.parametrize(
    "url",
    ["", "null", "ftp://x", "file:///etc/passwd", "javascript:alert(1)", "https://", "https:///x", "https://a..b/x",
     "https://a b/", "https://a/\n", "https://a\\@b/", "https://u:p@a.example/", "https://a.example:99999/",
     "https://a.example:/", "https://-a.example/", "https://pager.example\x00/", "https://p\u00e4ger.example/",
     "//pager.example/x", "https:pager.example", "https://[::1", "https://[fe80::1%25eth0]/", "https://0x7f.1/",
     "https://2130706433/", "https://127.1/", "https://1.2.3.4.5/", "https://" + "a" * 300 + ".example/"],
)  # fmt: skip
def test_b7_what_is_no_address_for_webhooks_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused, match="must"):
        reachable(url, HERE)


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest", "https://169.254.169.254/", "https://10.0.0.1/", "https://192.168.0.9/x",
     "https://localhost/", "https://pager.localhost/", "https://LOCALHOST./", "https://127.0.0.1/", "http://127.0.0.1/",
     "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://0.0.0.0/",
     "https://[fec0::1]/", "https://[64:ff9b:1::a00:1]/", "https://[::10.0.0.1]/", "https://[::ffff:0:10.0.0.1]/"],
)  # fmt: skip
def test_f14_a_private_address_is_refused_where_it_is_defined(url: str) -> None:
    with pytest.raises(UrlRefused, match="private"):
        reachable(url, ())


@pytest.mark.parametrize("url", ["http://pager.example/", "http://8.8.8.8/", "http://10.1.0.9/"])
def test_without_tls_a_webhook_goes_to_this_machine_only(url: str) -> None:
    with pytest.raises(UrlRefused, match="https"):
        reachable(url, HERE)


@pytest.mark.parametrize(
    ("url", "networks"),
    [
        ("https://pager.example/hook?x=1#f", ()),
        ("https://xn--pger-5qa.example:8443", ()),
        ("https://8.8.8.8/", ()),
        ("https://[2606:4700::1111]/", ()),
        ("https://10.1.2.3/", HERE),
        ("http://127.0.0.1:9/p", HERE),
        ("http://localhost:9/p", HERE),
    ],
)
def test_public_hosts_and_allowed_networks_are_taken(url: str, networks: tuple[object, ...]) -> None:
    assert reachable(url, networks) == url  # type: ignore[arg-type]


@given(st.text())
def test_whatever_is_written_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        try:
            assert well_formed(url) == url
        except UrlRefused:
            continue
        assert url.isascii()
        assert url.isprintable()
        assert " " not in url


@given(st.ip_addresses())
def test_an_address_that_is_not_public_is_reached_by_setting_only(address: object) -> None:
    address = ip_address(str(address))
    if not address.is_global:
        assert not may_reach(address, ())
    assert may_reach(address, (ip_network("0.0.0.0/0"), ip_network("::/0")))


@pytest.mark.parametrize(
    ("text", "networks"),
    [("", ()), ("127.0.0.0/8", HERE[:1]), ("127.0.0.0/8,10.1.0.0/16", HERE), ("fd00::/8", (ip_network("fd00::/8"),))],
)
def test_the_setting_lists_networks(monkeypatch: pytest.MonkeyPatch, text: str, networks: tuple[object, ...]) -> None:
    given = {"WEBHOOK_NETWORKS": text, "KAFKA": "localhost:1", "AGENCIES_FILE": "x", "LINK_SECRET": "s" * 32}
    for name, value in {**given, "SEALING_KEY": new_key()}.items():
        monkeypatch.setenv(f"CAREROUTE_{name}", value)
    monkeypatch.setenv("CAREROUTE_POCKET_URL", "https://pocket.example")
    assert NotificationSettings.load().webhook_networks == networks
