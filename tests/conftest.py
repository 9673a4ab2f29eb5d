"""What all tests share: how hypothesis behaves."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No deadline: the machines that run this are shared, and nothing here measures time.
settings.register_profile(
    "default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
settings.load_profile("default")
