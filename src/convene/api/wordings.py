"""What is wrong with a value, in words that whoever sent it understands: nothing of Python, nor of Pydantic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

_OBJECT = "must be an object"
_NUMBER = "must be a whole number"
_BOOLEAN = "must be true or false"
_CHOICE = "must be {expected}"
#: By the names of Pydantic's errors, with what it knows of each.
_SAID = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "string_type": "must be text",
    "string_unicode": "must be text that can be written in UTF-8",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_parsing_size": _NUMBER,
    "int_from_float": _NUMBER,
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number that is not infinite",
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "list_type": "must be an array",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "invalid_key": "must have names that are text",
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "none_required": "must be null",
}


def wording(fault: Mapping[str, Any]) -> str:
    """Say what an error of Pydantic's means."""
    said = _SAID.get(fault["type"])
    if said is None:
        return str(fault["msg"]).removeprefix("Value error, ")
    return said.format_map(fault.get("ctx", {}))


def all_wordings(error: ValidationError, called: Callable[[str], str]) -> str:
    """Everything that is wrong, each under the name by which whoever sent it knows it."""
    faults = (f"{called('.'.join(map(str, fault['loc'])))} {wording(fault)}".strip() for fault in error.errors())
    return "; ".join(faults)
