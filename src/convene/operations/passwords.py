"""Passwords: Argon2id with OWASP's figures, in a few threads, outside every transaction."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_WORKERS = 2  # each hash takes 19 MiB and a core for 30 ms; more at once would only starve the event loop


class Passwords:
    """Hashes and verifies; takes the same time whether or not there is such a user."""

    def __init__(self, *, time_cost: int, memory_kib: int) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="passwords")
        self._nobody = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """Hash a new password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Say whether a password is the one hashed; with None, take the same time and say no."""
        loop = asyncio.get_running_loop()
        matches = await loop.run_in_executor(self._threads, self._matches, hashed or self._nobody, password)
        return matches and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Say whether a password was hashed with other figures than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
