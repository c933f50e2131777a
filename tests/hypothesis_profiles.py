"""How hard Hypothesis tries: little every day, and the same each time, so that no change is held up by what another one
brought; CONVENE_HYPOTHESIS=ci tries ten times as many, new ones each time, and CONVENE_HYPOTHESIS=thorough is a long
campaign.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# All of tests/domain in under five seconds.
settings.register_profile("everyday", max_examples=12, deadline=None, derandomize=True)
# What every day's run would notice of a mutant; by which example does not matter, and the machine may be slow.
settings.register_profile(
    "mutants",
    settings.get_profile("everyday"),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=50_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("CONVENE_HYPOTHESIS", "everyday"))
