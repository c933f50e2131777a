"""Durations as RFC 8984 writes them (1.4.6): `PT45M`, `P1DT2H`, `PT1.5S`. Exact time; a day is 24 hours."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?")


def format_duration(duration: timedelta) -> str:
    """Write a duration that is not negative, in its shortest form."""
    hours, seconds = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    time = f"{hours}H" if hours else ""
    if minutes:
        time += f"{minutes}M"
    if seconds or fraction:
        time += f"{seconds}{fraction}S"
    days = f"{duration.days}D" if duration.days else ""
    return f"P{days}T{time}" if time else f"P{days or '0D'}"


def parse_duration(text: str) -> timedelta:
    """Read what `format_duration` wrote.

    Raises:
        ValueError: it is no duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None or text in {"P", "PT"} or text.endswith("T"):
        raise ValueError(text)
    days, hours, minutes, seconds, fraction = found.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "").ljust(6, "0")),
    )
