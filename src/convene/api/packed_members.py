"""Members that MessagePack says twice: its readers keep the last one, and lose the other silently.

Only well-formed MessagePack without binary data and extensions is read here; `negotiation` has refused the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: How many bytes say a length, or are a value, by the first byte.
_MAPS, _ARRAYS, _TEXTS = {0xDE: 2, 0xDF: 4}, {0xDC: 2, 0xDD: 4}, {0xD9: 1, 0xDA: 2, 0xDB: 4}
_VALUES = {0xCC: 1, 0xD0: 1, 0xCD: 2, 0xD1: 2, 0xCE: 4, 0xD2: 4, 0xCA: 4, 0xCF: 8, 0xD3: 8, 0xCB: 8}


@dataclass(slots=True)
class _Open:
    """A map or an array of which some is still to be read."""

    place: str
    is_map: bool
    left: int
    names: set[str] = field(default_factory=set)
    index: int = 0


def said_twice(packed: bytearray) -> list[str]:
    """Find members whose name is there before in the same map, as JSON Pointers."""
    twice: list[str] = []
    waiting: list[_Open] = []
    at, place = 0, ""
    while True:
        opened, size, at = _head(packed, at)
        if opened is None:
            at += size
        else:
            waiting.append(_Open(place, opened == "map", size))
        while waiting and not waiting[-1].left:
            waiting.pop()
        if not waiting:
            return twice
        inside = waiting[-1]
        inside.left -= 1
        name = str(inside.index)
        inside.index += 1
        if inside.is_map:
            _, size, at = _head(packed, at)
            name = packed[at : at + size].decode()
            at += size
        place = f"{inside.place}/{name.replace('~', '~0').replace('/', '~1')}"
        if inside.is_map and name in inside.names:
            twice.append(place)
        inside.names.add(name)


def count_values(packed: bytearray, most: int) -> int:
    """Count the values in MessagePack, names and containers too, until there are more than `most`; reads any bytes."""
    at = count = 0
    while at < len(packed) and count <= most:
        opened, size, at = _head(packed, at)
        at += 0 if opened else size
        count += 1
    return count


def _head(packed: bytearray, at: int) -> tuple[str | None, int, int]:
    """Read what comes: "map", "array" or None, how many members or bytes it has, and where they begin."""
    first = packed[at]
    at += 1
    if first < 0x80 or first >= 0xE0:
        return None, 0, at
    if first < 0xA0:
        return "map" if first < 0x90 else "array", first & 0x0F, at
    if first < 0xC0:
        return None, first & 0x1F, at
    for opened, lengths in (("map", _MAPS), ("array", _ARRAYS), (None, _TEXTS)):
        if first in lengths:
            end = at + lengths[first]
            return opened, int.from_bytes(packed[at:end]), end
    return None, _VALUES.get(first, 0), at
