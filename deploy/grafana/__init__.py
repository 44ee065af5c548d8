"""The boards of `shared.panels` as Grafana's dashboards: `python -m deploy.grafana` writes them anew."""
