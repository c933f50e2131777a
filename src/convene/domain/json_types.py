"""What JSON can hold, as types: for values that come from outside and for canonical JSON that is stored."""

from __future__ import annotations

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
JsonObject = dict[str, Json]
