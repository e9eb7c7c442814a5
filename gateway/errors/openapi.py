"""What the OpenAPI document says about errors: which reasons a route answers, and under which status."""

from collections import defaultdict
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.errors.problem import MEDIA_TYPE
from gateway.errors.schemas import ProblemBody

REASONS = {
    "bad_request": 400,
    "invalid_argument": 400,
    "invalid_page": 400,
    "unknown_parameter": 400,
    "malformed_json": 400,
    "malformed_multipart": 400,
    "empty_body": 400,
    "too_many_files": 400,
    "invalid_token": 401,
    "invalid_credentials": 401,
    "invalid_refresh_token": 401,
    "organiser_only": 403,
    "event_not_found": 404,
    "photo_not_found": 404,
    "user_not_found": 404,
    "invalid_event_code": 404,
    "request_timeout": 408,
    "event_closed": 409,
    "no_active_selfie": 409,
    "photo_not_ready": 409,
    "photo_not_failed": 409,
    "organiser_cannot_leave": 409,
    "request_in_progress": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_type": 415,
    "range_not_satisfiable": 416,
    "invalid_form": 422,
    "empty_image": 422,
    "unexpected_field": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "too_many_streams": 429,
    "queue_full": 429,
    "internal": 500,
    "overloaded": 503,
    "blobs_unavailable": 503,
    "database_unavailable": 503,
    "service_unavailable": 503,
    "deadline_exceeded": 504,
}

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


def problems(*reasons: str, **elsewhere: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may fail for these reasons; `elsewhere`: with another status than usual."""
    by_status: dict[int | str, list[str]] = defaultdict(list)
    for reason in sorted({*reasons, *elsewhere, *EVERYWHERE}):
        by_status[elsewhere.get(reason) or REASONS[reason]].append(f"`{reason}`")
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": ", ".join(names), "content": content} for status, names in by_status.items()}


def files_body(name: str, several: bool) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes files and reads them itself."""
    file = {"type": "string", "format": "binary"}
    field = {"type": "array", "items": file} if several else file
    schema = {"type": "object", "required": [name], "properties": {name: field}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document; FastAPI's own idea of a validation error is never sent, so it is taken out."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        parts = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(parts.pop("$defs"), ProblemBody=parts)
        for path in document["paths"].values():
            for operation in path.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        app.openapi_schema = document
    return app.openapi_schema
