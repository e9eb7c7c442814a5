"""What all JSON bodies of requests have in common."""

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    """A request body. A field that does not exist is an error: a misspelt one would be ignored silently."""

    model_config = ConfigDict(extra="forbid")
