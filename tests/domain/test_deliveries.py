"""When a delivery is tried again, and when it is not."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, pairwise, takewhile

import pytest

from convene.domain.deliveries import ATTEMPTS_MAX, Outcome, Result, retry_delay


def test_delays_double_and_make_a_day():
    delays = [retry_delay(attempts, 0.5) for attempts in takewhile(lambda n: retry_delay(n, 0.5), count(1))]
    seconds = [delay.total_seconds() for delay in delays if delay is not None]
    assert all(later == 2 * earlier for earlier, later in pairwise(seconds))
    assert timedelta(hours=22) < timedelta(seconds=sum(seconds)) < timedelta(hours=27)
    assert len(seconds) == ATTEMPTS_MAX - 1


def test_chance_spreads_what_failed_together_by_a_fifth_either_way():
    assert [retry_delay(1, chance) for chance in (0, 0.5, 1)] == [timedelta(seconds=s) for s in (4, 5, 6)]


def test_what_has_failed_is_tried_again_until_the_last_attempt():
    failed = Outcome(status_code=503)
    assert failed.delay(1, 0.5) == timedelta(seconds=5)
    assert failed.delay(ATTEMPTS_MAX, 0.5) is None
    assert (failed.result(again=True), failed.result(again=False)) == (Result.POSTPONED, Result.GIVEN_UP)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome(status_code=204), Result.DELIVERED),
        (Outcome(status_code=550, refused=True), Result.GIVEN_UP),
        (Outcome(error="the account is switched off", withheld=True), Result.WITHHELD),
    ],
)
def test_what_has_arrived_was_refused_for_good_or_is_not_wanted_is_not_tried_again(outcome: Outcome, result: Result):
    assert outcome.delay(1, 0.5) is None
    assert outcome.result(again=False) == result
