"""Errors in the OpenAPI document: the reasons that each route may return, by status."""

from collections import defaultdict
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from gateway.errors.problem import MEDIA_TYPE
from gateway.errors.reasons import REASONS
from gateway.errors.schemas import ProblemBody

EVERYWHERE = (
    "unknown_parameter",
    "too_many_requests",
    "too_many_streams",
    "internal",
    "overloaded",
    "blobs_unavailable",
    "database_unavailable",
    "service_unavailable",
    "deadline_exceeded",
)
JSON_BODY = ("malformed_json", "request_timeout", "too_large", "unsupported_media_type", "invalid_form")
FILE_BODY = (
    "malformed_multipart",
    "empty_body",
    "request_timeout",
    "too_large",
    "unsupported_type",
    "invalid_form",
    "empty_image",
)
PAGE = ("invalid_argument", "invalid_page")
SIGNED = ("invalid_token",)


BINARY = {"schema": {"type": "string", "format": "binary"}}
OTHER = "application/octet-stream"  # the media type of a picture of an unknown type
TEXT = {"schema": {"type": "string"}}


def problems(*reasons: str, **elsewhere: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may fail for these reasons; `elsewhere`: reasons with an unusual status."""
    by_status: dict[int | str, list[str]] = defaultdict(list)
    for reason in sorted({*reasons, *elsewhere, *EVERYWHERE}):
        by_status[elsewhere.get(reason) or REASONS[reason]].append(f"`{reason}`")
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": ", ".join(names), "content": content} for status, names in by_status.items()}


def pictures(*media_types: str) -> dict[str, Any]:
    """The `content` of a response that is a picture."""
    return dict.fromkeys((*media_types, OTHER), BINARY)


def files_body(name: str, several: bool) -> dict[str, Any]:
    """The `openapi_extra` of a route that parses uploaded files itself."""
    file = {"type": "string", "format": "binary"}
    field = {"type": "array", "items": file} if several else file
    schema = {"type": "object", "required": [name], "properties": {name: field}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def describe(app: FastAPI, *streamed: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI document, without FastAPI's own validation error, which is never sent. `streamed`: models of
    the events of streams, which FastAPI does not discover."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            servers=app.servers,
        )
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        models: tuple[type[BaseModel], ...] = (ProblemBody, *streamed)
        for model in models:
            parts = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(parts.pop("$defs", {}), **{model.__name__: parts})
        for path in document["paths"].values():
            for operation in path.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        app.openapi_schema = document
    return app.openapi_schema
