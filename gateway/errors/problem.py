"""Error responses: RFC 9457 `application/problem+json`, with a stable `reason`."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gateway.errors.fields import describe_fault
from gateway.errors.schemas import FieldError, ProblemBody
from gateway.http.methods import allowed_methods

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 20  # that a response names; a body can contain thousands of unknown fields

# Errors that the framework itself raises.
FRAMEWORK = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not support this method."),
}


class Problem(HTTPException):
    """A request that is answered with an error. `detail` is for people, `reason` for programs."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.reason = reason
        self.errors = list(errors)
        if status == 401:
            self.headers = {"WWW-Authenticate": "Bearer", **(self.headers or {})}


class Interrupted(Exception):
    """A response that has begun cannot be completed as its headers announced."""


def internal_problem() -> Problem:
    """The response to an internal error, without any details."""
    return Problem(500, "internal", "Something went wrong on our side.")


def invalid_argument(detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    return Problem(400, "invalid_argument", detail, errors=errors)


def not_satisfiable(content_range: str) -> Problem:
    detail = "The picture ends before the range begins."
    return Problem(416, "range_not_satisfiable", detail, headers={"Content-Range": content_range})


def invalid_form(errors: Sequence[FieldError]) -> Problem:
    return Problem(422, "invalid_form", "Some fields need your attention.", errors=errors)


def to_response(problem: Problem, request_id: str) -> JSONResponse:
    body = ProblemBody(
        type=f"/problems/{problem.reason}",
        title=problem.reason.replace("_", " ").capitalize(),
        status=problem.status_code,
        detail=problem.detail,
        reason=problem.reason,
        request_id=request_id,
        errors=problem.errors or None,
    )
    return JSONResponse(body.model_dump(exclude_none=True), problem.status_code, problem.headers, MEDIA_TYPE)


# Handlers are coroutines, though they await nothing: Starlette would run a function in a thread for each response.
async def answer_problem(request: Request, problem: Exception) -> JSONResponse:
    """Also handles the framework's exceptions: unknown addresses and methods."""
    if not isinstance(problem, Problem):
        problem = _from_framework(problem)
    if problem.status_code == 405:
        problem.headers = {"Allow": ", ".join(allowed_methods(request.scope))}  # of all routes here, not of one
    return to_response(problem, request.scope["request_id"])


async def answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """Reports which fields are invalid, never their values."""
    assert isinstance(error, RequestValidationError)
    faults = error.errors()[:MAX_FAULTS]
    fields = [describe_fault(fault["loc"], fault["type"], fault.get("ctx") or {}) for fault in faults]
    if any(fault["loc"][0] == "body" for fault in faults):
        return await answer_problem(request, invalid_form(fields))
    part = "A header" if all(fault["loc"][0] == "header" for fault in faults) else "The address"
    return await answer_problem(request, invalid_argument(f"{part} of the request is malformed.", fields))


def _from_framework(error: Exception) -> Problem:
    if isinstance(error, HTTPException) and error.status_code in FRAMEWORK:
        reason, detail = FRAMEWORK[error.status_code]
        return Problem(error.status_code, reason, detail, headers=error.headers)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return Problem(error.status_code, "bad_request", "The request cannot be understood.")
    return internal_problem()
