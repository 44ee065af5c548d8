"""Writes the dashboards."""

import argparse

from deploy.grafana.boards import main

if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m deploy.grafana", description=__doc__).parse_args()
    main()
