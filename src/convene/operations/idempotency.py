"""A request that is sent again under its Idempotency-Key acts once: draft-ietf-httpapi-idempotency-key-header.

Only what had an effect is kept: a refusal wrote nothing, and whoever sends it again is judged anew. The draft leaves
that open; Stripe keeps refusals too, so that a client that was refused has to find another key to try again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from convene.domain.errors import KeyReused, StillRunning
from convene.storage import idempotency
from convene.storage.idempotency import KeptAnswer
from convene.storage.unit_of_work import UnitOfWork

#: Answers are kept at least so long.
LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request under a key: who sends it (None: nobody that is known yet) and a mark of all that it says."""

    key: str
    fingerprint: str
    user_id: int | None


async def begin(work: UnitOfWork, attempt: Attempt) -> KeptAnswer | None:
    """Look whether a request has been answered before: None lets it act in this transaction.

    `work.now` is not asked for: it is the time after the locks of what comes.

    Raises:
        StillRunning: the same key is at work in another transaction.
        KeyReused: the key belongs to another request of the same user.
    """
    if attempt.user_id is None:
        # Keys of those who are nobody yet are all in one room: another request is another key, or somebody could
        # disturb others with keys that they made up.
        return await idempotency.find_answer_to(work, attempt.key, attempt.fingerprint)
    if not await idempotency.hold(work, f"convene {attempt.user_id} {attempt.key}"):
        raise StillRunning
    kept = await idempotency.find_answer(work, attempt.key, attempt.user_id)
    if kept is not None and kept.fingerprint != attempt.fingerprint:
        raise KeyReused
    return kept


async def keep(work: UnitOfWork, kept: KeptAnswer) -> None:
    """Keep an answer, in the transaction of what it tells of."""
    await idempotency.keep_answer(work, kept)
