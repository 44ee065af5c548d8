"""Runs the prober."""

from services.prober.config import ProberSettings
from services.prober.http import create_app, open_prober
from shared.clock import SystemClock
from shared.doors.serve import serve
from shared.probes import probes_of

if __name__ == "__main__":
    settings = ProberSettings.load()
    prober = open_prober(settings, probes_of(settings.probes_file), SystemClock())
    serve("prober", settings, create_app(prober), remark=prober.remark, ready=lambda: not prober.unready())
