"""Pictures as rows name them: the file of each, and its version."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from matcher_service.domain import Variant

# Of each picture the file, and what else its bytes depend on. Photos that version 0002 has read have no medium picture;
# an original without a file of its own is sent from the upload.
FILES = {
    Variant.THUMB: ("p.thumb_key", "NULL"),
    Variant.MEDIUM: ("coalesce(p.medium_key, p.preview_key)", "NULL"),
    Variant.PREVIEW: ("p.preview_key", "NULL"),
    Variant.ORIGINAL: (
        "CASE WHEN p.original_parts IS NULL THEN p.original_key ELSE p.upload_key END",
        "p.original_digest",
    ),
}

# Columns of a list, of photos named `p`, that `read_versions` reads.
VERSION_COLUMNS = ", ".join(
    f"{key} AS {variant.value}_file, {digest} AS {variant.value}_digest" for variant, (key, digest) in FILES.items()
)


def read_versions(row: Row[Any]) -> Mapping[Variant, str]:
    """Of a row with VERSION_COLUMNS; empty for a picture that is not there yet."""
    values = row._mapping
    return {
        variant: make_version(values[f"{variant.value}_file"], values[f"{variant.value}_digest"]) for variant in FILES
    }


def make_version(key: str | None, digest: str | None) -> str:
    """Another one whenever the picture's bytes are others; says nothing about the key."""
    return hashlib.blake2b(f"{key} {digest or ''}".encode(), digest_size=8).hexdigest() if key else ""
