"""`python3 run.py proof --quick` ends within five minutes on two cores: half of that is its own choice, and counted."""

from __future__ import annotations

from proof.mutations import SUBJECTS, made_of, sample

from proof import crashes, failover, fuzzing, histories, restore
from tests.databases import KINDS


def test_for_most_of_its_time_a_quick_proof_does_not_wait():
    racing = len(KINDS) * histories.QUICK_SECONDS
    crashing = len(crashes.ATTACKS) * crashes.QUICK_ROUNDS * max(crashes.LOAD_SECONDS)
    losing = failover.QUICK_ROUNDS * (max(crashes.LOAD_SECONDS) + failover.SECONDS_AFTER)
    copying = len(KINDS) * restore.QUICK_ROUNDS * 2 * max(restore.LOAD_SECONDS)
    assert racing + crashing + losing + copying < 90


def test_a_quick_proof_tries_few_mutants_and_requests():
    subjects = [[one for room in subject.rooms for one in made_of(room)] for subject in SUBJECTS.values()]
    assert 0 < sum(len(sample(made)) for made in subjects) <= 20
    assert fuzzing.FEW <= 2
