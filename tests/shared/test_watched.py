"""Each beats to the watcher under a name of its own: of two that shared one, neither's silence would be heard."""

from __future__ import annotations

import pytest

from shared.config import WatchedSettings


@pytest.mark.parametrize("url", ["https://watch.example", "https://watch.example/"])
def test_each_beats_under_its_own_name(url: str) -> None:
    settings = WatchedSettings(watch_url=url)
    assert settings.beat_url("prober") == "https://watch.example/beat/prober"
    assert settings.beat_url("auditor") == "https://watch.example/beat/auditor"


@pytest.mark.parametrize("url", ["", "off"])
def test_where_nobody_watches_nothing_is_sent(url: str) -> None:
    assert WatchedSettings(watch_url=url).beat_url("prober") == ""
