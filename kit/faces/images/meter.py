"""Measures how much of a JPEG's last scan a decoder reads: unread bytes are not part of the picture."""

import io

from kit.faces.images.segments import SOS, NotFiltered, walk

CAREFUL_BYTES = 4096
STEP_BYTES = 8
BLOCK_BYTES = 65536  # as Pillow reads


class Meter:
    """Passed to `decode`, it counts the bytes at the end of the last scan that were not read: `unread_bytes`.

    The count is exact to 8 bytes if it is below `careful_bytes`, otherwise to 64 KiB.
    """

    def __init__(self, careful_bytes: int = CAREFUL_BYTES) -> None:
        self.unread_bytes = 0
        self._careful_bytes = careful_bytes

    @property
    def is_exact(self) -> bool:
        return self.unread_bytes < self._careful_bytes

    def open(self, data: bytes) -> io.BytesIO:
        """A file for the decoder, of the upload or of its coded part."""
        try:
            last = [segment for segment in walk(data) if segment.marker == SOS][-1]
        except (NotFiltered, IndexError):
            return io.BytesIO(data)
        return _MeteredFile(data, self, max(last.coded, last.end - self._careful_bytes), last.end)


class _MeteredFile(io.BytesIO):
    def __init__(self, data: bytes, meter: Meter, careful_from: int, end: int) -> None:
        super().__init__(data)
        self._meter = meter
        self._size = len(data)
        self._careful_from = careful_from
        self._end = self._meter.unread_bytes = end

    def read(self, size: int | None = -1, /) -> bytes:
        """Returns fewer bytes before and within the careful part; decoders then read again."""
        left = self._careful_from - self.tell()
        wanted = self._size if size is None or size < 0 else size
        piece = super().read(min(wanted, left if left > 0 else STEP_BYTES))
        self._meter.unread_bytes = max(0, min(self._meter.unread_bytes, self._end - self.tell()))
        return piece
