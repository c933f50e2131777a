"""What the loss of a primary costs is told as it was."""

from __future__ import annotations

from proof.failover import longest_pause
from proof.recording import Call


def wrote(begin: float, end: float) -> Call:
    return Call(op="edit", user=1, begin=begin, end=end, status=200, version=2)


def tried(begin: float) -> Call:
    return Call(op="edit", user=1, begin=begin)


def test_the_longest_time_that_a_write_was_tried_for_is_told():
    assert longest_pause([wrote(0, 1), tried(1.5), tried(9), wrote(20.5, 21), wrote(21, 22)]) == 19.5


def test_what_nobody_tried_does_not_count():
    assert longest_pause([wrote(0, 1), wrote(1.5, 2), wrote(90, 91)]) == 1


def test_reads_and_refusals_are_no_writes():
    read = Call(op="get", user=1, begin=2, end=3, status=200, seen=((1, 1),))
    refused = Call(op="edit", user=1, begin=4, end=5, status=409)
    assert longest_pause([wrote(0, 1), read, refused, wrote(6, 7)]) == 5
