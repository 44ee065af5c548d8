"""`careroute report rebuild`: with the settings of reporting."""

import sys

from services.reporting.config import ReportingSettings
from services.reporting.rebuild.run import main

if __name__ == "__main__":
    sys.exit(main(ReportingSettings.load(), sys.argv[1:]))
