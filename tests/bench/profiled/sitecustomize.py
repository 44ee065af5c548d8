"""Put on a process's path, it profiles the service named in RIG_PROFILE and dumps the figures when the process ends."""

import atexit
import cProfile
import os
import signal
import sys
import time

if os.environ.get("RIG_PROFILE", "-") in sys.orig_argv:
    _profile = cProfile.Profile(time.process_time)  # of other processes nothing shows

    def _dump() -> None:
        _profile.disable()
        _profile.dump_stats(os.environ["RIG_PROFILE_FILE"])

    atexit.register(_dump)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _profile.enable()
