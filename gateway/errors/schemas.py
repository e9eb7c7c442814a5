"""The shape of every error (RFC 9457)."""

from pydantic import BaseModel, Field

from gateway.errors.reasons import REASONS


class FieldError(BaseModel):
    """The fault of one field of a form."""

    field: str = Field(description="name of the field")
    reason: str = Field(description="stable, for programs", examples=["username_taken"])
    message: str = Field(description="for people")


class ProblemBody(BaseModel):
    """An error. `reason` is part of the contract and never renamed."""

    type: str = Field(description="`/problems/<reason>`", examples=["/problems/invalid_event_code"])
    title: str = Field(description="the reason in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="for people")
    reason: str = Field(
        description="stable, for programs",
        examples=["invalid_event_code"],
        json_schema_extra={"enum": [*sorted(REASONS)]},
    )
    request_id: str = Field(description="as in the header `x-request-id`; identifies the request to operators")
    errors: list[FieldError] | None = Field(default=None, description="one entry for each faulty field, 20 at most")
