"""Every alert of the rules is brought about by the script, or the script says why it is not."""

from __future__ import annotations

import yaml

from deploy.local.kafka.node import CHECKOUT
from tests.alerts.causes import CAUSES, NOT_TRIED
from tests.alerts.scene import named


def test_no_alert_is_left_out() -> None:
    groups = yaml.safe_load((CHECKOUT / "deploy/prometheus/rules.yml").read_text())["groups"]
    alerts = {
        named({"alertname": rule["alert"], **rule["labels"]})
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    }
    tried = {alert for cause in CAUSES for alert in cause.alerts}
    assert tried | NOT_TRIED.keys() == alerts
    assert not tried & NOT_TRIED.keys()
