"""SQL of the pictures of photos: the file of each, and its version."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from matcher_service.domain import Variant

# SQL: the file of each picture, and the other value on which its bytes depend. Photos that version 0002 read have no
# medium picture; an original without a separate file is sent from the upload.
FILES = {
    Variant.THUMB: ("p.thumb_key", "NULL"),
    Variant.MEDIUM: ("coalesce(p.medium_key, p.preview_key)", "NULL"),
    Variant.PREVIEW: ("p.preview_key", "NULL"),
    Variant.ORIGINAL: (
        "CASE WHEN p.original_parts IS NULL THEN p.original_key ELSE p.upload_key END",
        "p.original_digest",
    ),
}

# The columns of photos `p` that `read_versions` needs.
VERSION_COLUMNS = ", ".join(
    f"{key} AS {variant.value}_file, {digest} AS {variant.value}_digest" for variant, (key, digest) in FILES.items()
)


def read_versions(row: Row[Any]) -> Mapping[Variant, str]:
    """The versions in a row with VERSION_COLUMNS; empty for a picture that does not exist yet."""
    values = row._mapping
    return {
        variant: make_version(values[f"{variant.value}_file"], values[f"{variant.value}_digest"]) for variant in FILES
    }


def make_version(key: str | None, digest: str | None) -> str:
    """A version that changes with the picture's bytes and does not reveal the key."""
    return hashlib.blake2b(f"{key} {digest or ''}".encode(), digest_size=8).hexdigest() if key else ""
