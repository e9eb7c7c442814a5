"""Selfies and their status."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.enums import names_of
from protos.selfie.v1 import selfie_pb2

REJECTIONS = names_of(selfie_pb2.RejectReason)
REASONS = (*REJECTIONS.values(), "processing_failed", "matching_failed")


class AcceptedSelfie(BaseModel):
    status: Literal["processing"] = "processing"
    message: str
    selfie_id: str


class AcceptedRematch(BaseModel):
    status: Literal["processing"] = "processing"
    message: str


class RematchStatus(BaseModel):
    status: Literal["idle", "running", "validation_failed", "error", "done"]
    matched: int = Field(description="number of photos in which the guest was found, at `finished_at`")
    started_at: int | None = Field(default=None, description="epoch seconds")
    finished_at: int | None = Field(default=None, description="epoch seconds; set when done")
    reason: str | None = Field(
        default=None,
        description="stable; set for `validation_failed` and `error`",
        json_schema_extra={"enum": [*REASONS, None]},
    )
    message: str | None = Field(default=None, description="says what to do")
    has_earlier: bool | None = Field(
        default=None, description="true if an earlier selfie is used instead of the newest one"
    )
