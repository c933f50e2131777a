"""How hard Hypothesis tries: CONVENE_HYPOTHESIS=thorough for a long campaign, the default for every day."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("everyday", max_examples=25, deadline=None)
settings.register_profile("thorough", max_examples=50_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("CONVENE_HYPOTHESIS", "everyday"))
