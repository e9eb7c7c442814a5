"""Progress of an upload: a bar with the remaining time in a terminal, otherwise an occasional line."""

import time
from collections.abc import Sequence
from threading import Lock
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.upload.folder import Photo

LINE_S = 15.0


class Meter:
    """Counts photos; estimates the remaining time from their bytes."""

    def __init__(self, console: Console, label: str, photos: Sequence[Photo]) -> None:
        self._console, self._label = console, label
        self._count, self._bytes = len(photos), sum(photo.size for photo in photos)
        self._lock = Lock()
        self._done = 0
        self._printed_at = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[photos]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(label, total=self._bytes, photos="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, photo: Photo) -> None:
        with self._lock:
            self._done += 1
            text = f"{self._done} of {self._count} photos"
            self._bar.update(self._task, advance=photo.size, photos=text)
            if not self._console.is_terminal and time.monotonic() - self._printed_at >= LINE_S:
                self._printed_at = time.monotonic()
                self._console.print(f"{self._label}: {text}")
