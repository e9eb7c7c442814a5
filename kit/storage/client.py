"""Connections to the file store: timeouts, deadlines, and the classification of its errors."""

import errno
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from kit.errors import Unavailable
from kit.rpc import deadlines
from kit.settings import InvalidSetting
from kit.telemetry.logs import get_logger

MIN_TIMEOUT_S = 0.1
FAULT_LASTS_S = 60.0
WITHOUT_END = "1day"  # for a body that is streamed at the reader's pace; obstore's default is 30 s
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

log = get_logger()


class BlobsUnavailable(Unavailable):
    """The file store cannot be reached now; try again shortly."""


class BlobNotFound(Exception):
    """No blob has this key."""


@dataclass(frozen=True)
class BlobOptions:
    """`timeout_s`: the longest duration of a call with its retries (for a streamed body: of a stall); shortened to the
    current deadline. `allow_http`: S3 without TLS."""

    timeout_s: float = 10
    connect_timeout_s: float = 2
    allow_http: bool = False
    min_free_bytes: int = 256 * 1024 * 1024


class BlobClient:
    """One bucket or folder. obstore fixes timeouts when a store is created, so there is one store per timeout."""

    def __init__(self, url: str, options: BlobOptions) -> None:
        parts = urlsplit(url)
        self._url = url
        self._options = options
        self._stores: dict[tuple[float, bool], Any] = {}
        self.root = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if self.root:
            _make_folder(self.root)
        self._last_fault = ("", 0.0)

    @property
    def last_fault(self) -> str:
        """The recent fault since which no call has succeeded (`fault_of`)."""
        fault, failed_at = self._last_fault
        return fault if time.monotonic() - failed_at < FAULT_LASTS_S else ""

    def store(self, reads_body: bool = False) -> Any:
        """A store that gives up before the current deadline. Raises BlobsUnavailable when that has passed."""
        left_s = deadlines.remaining_s(self._options.timeout_s)
        timeout_s = self._options.timeout_s
        while timeout_s > left_s:  # halved repeatedly, so that there are few stores
            timeout_s /= 2
        if timeout_s < MIN_TIMEOUT_S:
            raise BlobsUnavailable
        key = (timeout_s, reads_body)
        if key not in self._stores:
            self._stores[key] = from_url(self._url) if self.root else self._open_bucket(timeout_s, reads_body)
        return self._stores[key]

    def _open_bucket(self, timeout_s: float, reads_body: bool) -> Any:
        """Gives each attempt half of the time, so that a second attempt fits into the whole."""
        attempt = timedelta(seconds=timeout_s / 2)
        connect = timedelta(seconds=min(self._options.connect_timeout_s, timeout_s / 2))
        limits: Any = {"read_timeout": attempt, "timeout": WITHOUT_END} if reads_body else {"timeout": attempt}
        retries: Any = {"max_retries": 2, "retry_timeout": attempt}
        client: Any = {**limits, "connect_timeout": connect, "allow_http": self._options.allow_http}
        return from_url(self._url, client_options=client, retry_config=retries)

    @contextmanager
    def reading(self, key: str) -> Iterator[None]:
        """For calls about one blob. Raises BlobNotFound only if the store itself reports it, else BlobsUnavailable."""
        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            if self._is_missing(key, error):
                raise BlobNotFound from None
            raise self.unavailable(error) from error
        except (BaseError, OSError) as error:
            raise self.unavailable(error) from error
        if self._last_fault[0] != "disk_full":  # a successful read does not disprove it
            self._last_fault = ("", 0.0)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For calls that need no blob: "not found" then means the bucket. Raises BlobsUnavailable."""
        try:
            yield
        except (BaseError, OSError) as error:
            raise self.unavailable(error) from error
        self._last_fault = ("", 0.0)

    def unavailable(self, error: Exception) -> BlobsUnavailable:
        """Logs the classified error, and remembers it for `/readyz`."""
        fault = fault_of(error)
        self._last_fault = (fault, time.monotonic())
        if fault == "disk_full":
            log.error("The disk of the file store is full.", action="blobs_disk_full")
        else:
            log.warning("The file store failed.", action="blobs_failed", fault=fault, store=_without_secrets(self._url))
        return BlobsUnavailable()

    def _is_missing(self, key: str, error: Exception) -> bool:
        """obstore reports every 404 as "not found", also for a bucket, unknown credentials or a proxy. Only NoSuchKey
        is about the blob. The response to a HEAD has no body with the code, so a GET repeats it."""
        if self.root:
            return self.root.is_dir()
        if code := error_code(error):
            return code == "NoSuchKey"
        try:
            obstore.get(self.store(), key)
        except (NotFoundError, FileNotFoundError) as again:
            return error_code(again) == "NoSuchKey"
        except (BaseError, OSError):
            return False
        return False  # the blob exists after all: the caller retries


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InvalidSetting(f"BLOB_URL: {folder} is not a folder") from None
    except FileNotFoundError:  # its disk may not be mounted: create nothing
        raise InvalidSetting(f"BLOB_URL: {folder.parent} does not exist") from None
    except OSError as error:
        raise InvalidSetting(f"BLOB_URL: {folder} cannot be created: {error.strerror}") from None


def error_code(error: Exception) -> str:
    """The code in the body of an S3 error, such as NoSuchBucket; obstore has it only in the error text."""
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return found[1] if found else ""


def fault_of(error: Exception) -> str:
    """`disk_full`, `bucket_missing`, `folder_missing`, `access_denied` or `unreachable`."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := re.search(r"os error (\d+)", str(error))):
        number = int(found[1])
    if number in DISK_FULL:
        return "disk_full"
    code = error_code(error)
    if code == "NoSuchBucket":
        return "bucket_missing"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError) or code:
        return "access_denied"
    return "folder_missing" if number == errno.ENOENT else "unreachable"


def _without_secrets(url: str) -> str:
    return url.partition("?")[0].rpartition("@")[2]
