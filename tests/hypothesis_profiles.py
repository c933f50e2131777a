"""How hard Hypothesis tries: little every day, and new examples each time; CONVENE_HYPOTHESIS=ci tries ten times as
many, and CONVENE_HYPOTHESIS=thorough is a long campaign.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("everyday", max_examples=12, deadline=None)  # all of tests/domain in under five seconds
settings.register_profile("ci", max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=50_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("CONVENE_HYPOTHESIS", "everyday"))
