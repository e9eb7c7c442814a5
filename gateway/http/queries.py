"""Rejects unknown query parameters, since an ignored filter looks like one that works."""

from collections import Counter
from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.errors.problem import Problem, invalid_argument
from gateway.errors.schemas import FieldError

PREFIX = "/api"
MAX_NAMED = 10


# A coroutine, though it awaits nothing: FastAPI would run a function in a thread.
async def reject_unknown_parameters(request: Request) -> None:
    """Raises Problem. Only under `/api`: links to pages may carry parameters of the apps that shared them."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.path.startswith(PREFIX):
        return
    known = sorted(set(_names(route.dependant)))
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        raise unknown_parameters(unknown[:MAX_NAMED], known)
    counts = Counter(name for name, _ in request.query_params.multi_items())
    if repeated := [name for name, count in counts.items() if count > 1]:
        raise repeated_parameters(repeated)


def unknown_parameters(unknown: list[str], known: list[str]) -> Problem:
    """Reports the names as received, cut to 64 characters."""
    hint = f"Known parameters: {', '.join(known)}." if known else "This address has no parameters."
    errors = [FieldError(field=name[:64], reason="unknown_parameter", message=hint) for name in unknown]
    return Problem(400, "unknown_parameter", f"Unknown query parameter. {hint}", errors=errors)


def repeated_parameters(repeated: list[str]) -> Problem:
    errors = [FieldError(field=name, reason="repeated", message="Give it once.") for name in repeated]
    return invalid_argument("A query parameter is given more than once.", errors)


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)
