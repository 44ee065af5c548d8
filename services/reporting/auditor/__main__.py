"""Runs the auditor; with arguments, what a person does with it: `--help` lists that."""

import sys

from services.reporting.auditor.by_hand import main
from services.reporting.auditor.config import AuditorSettings
from services.reporting.auditor.process import run

if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(main(sys.argv[1:]))
    run(AuditorSettings.load())
