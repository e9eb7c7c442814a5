"""What operators read."""

from typing import Literal

from pydantic import BaseModel, Field


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"
    backends: dict[str, str] = Field(description="`serving`, `not_serving` or `unreachable`, by service")
    file_store: str = Field(
        description="`serving`, `disk_full`, `bucket_missing`, `folder_missing`, `access_denied`, `unreachable`, or"
        " `unknown` while no service says"
    )
