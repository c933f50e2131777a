"""The names of a query: a filter with a typo in its name would be lost silently, so what nobody reads is refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from convene.api.bodies import Handler

#: How much of the name of an unknown parameter is repeated to its sender.
_NAME_MAX = 64


def names_in(dependant: Dependant) -> frozenset[str]:
    """The parameters of a query that a route and what it depends on take."""
    own = {field.validation_alias or field.alias for field in dependant.query_params}
    return frozenset(own).union(*(names_in(one) for one in dependant.dependencies))


def not_in(names: frozenset[str], request: Request) -> list[Any]:
    """What a query says that nobody reads."""
    path = request.scope["path"]
    if not request.scope["query_string"] or not path.startswith("/api/"):
        return []  # whoever watches over a server may add to a query what keeps caches away
    sent = Counter(name for name, _ in request.query_params.multi_items())
    wrong = {name: "is not a parameter here" for name in sent if name not in names}
    wrong |= {name: "is there twice" for name, times in sent.items() if times > 1}
    return [{"type": "query", "loc": ("query", name[:_NAME_MAX]), "msg": said} for name, said in wrong.items()]


def after_names(names: frozenset[str], answer: Handler) -> Handler:
    """Let a route answer only where its query has no name that it does not know."""

    async def check_and_answer(request: Request) -> Response:
        if errors := not_in(names, request):
            raise RequestValidationError(errors)
        return await answer(request)

    return check_and_answer
