"""The base of all JSON request bodies."""

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    """A request body. A field that does not exist is an error: a misspelt one would be ignored silently."""

    model_config = ConfigDict(extra="forbid")
