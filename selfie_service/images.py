"""The bytes of selfies: every file of them is written and read here."""

from kit.blobs import Blobs
from selfie_service.domain import StoredImage


def write_image(blobs: Blobs, image: bytes) -> str:
    """The key of a new file, durable when it returns; no row names it yet."""
    key = blobs.new_key()
    blobs.put(key, image)
    return key


def read_image(blobs: Blobs, image: StoredImage) -> bytes:
    """Raises BlobNotFound."""
    if image.data is not None:
        return image.data
    assert image.key is not None
    return blobs.get(image.key)


def measure_image(blobs: Blobs, image: StoredImage) -> int:
    """Its size in bytes. Raises BlobNotFound."""
    if image.data is not None:
        return len(image.data)
    assert image.key is not None
    return blobs.size(image.key)
