"""Runs the workbench's process; the door starts and ends it."""

import sys

from services.console.workbench.bench import serve

MOST_SECONDS = 90

if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, MOST_SECONDS)
