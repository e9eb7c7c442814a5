"""A blob store whose disk is full while a marker file exists."""

import errno
import os
from pathlib import Path
from typing import IO

from kit.storage.blobs import Blobs, BlobsUnavailable


def full_mark(folder: Path) -> Path:
    return folder / "full"


class SmallDisk(Blobs):
    """Writes half of a blob and fails, as a disk that runs full does."""

    def put_file(self, key: str, file: Path | IO[bytes]) -> None:
        self.put(key, file.read_bytes() if isinstance(file, Path) else file.read())

    def put(self, key: str, data: bytes) -> None:
        if full_mark(Path(os.environ["CHAOS_FOLDER"])).exists():
            assert self._root
            path = self._root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data[: len(data) // 2])
            raise BlobsUnavailable from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().put(key, data)
