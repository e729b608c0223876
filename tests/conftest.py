"""How every test runs: properties without a clock, and the same ones each time in CI.

A time limit on one example fails on a busy machine and says nothing about the code. In CI the
examples are those of last time, so that a red run is the change's doing; elsewhere they are new.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
