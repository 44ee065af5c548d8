"""Writes the dashboards."""

from deploy.grafana.boards import main

if __name__ == "__main__":
    main()
