"""Limits and timeouts of requests."""

from dataclasses import dataclass, field

from gateway.http.rates import Rates
from kit.settings import DEFAULT_PHOTO_MB, DEFAULT_SELFIE_MB, MB

MAX_JSON_BYTES = 128 * 1024
MAX_PHOTOS = 100
MULTIPART_BYTES = 64 * 1024  # boundaries and headers besides the files
SKIPPED_FILES = 20  # at most this many times the largest file is skipped in one request, such as videos
SELFIE_MEMORY_BYTES = 32 * 1024 * 1024  # for all arriving selfies of a process; further ones are spooled to disk
SEARCH_MEMORY_BYTES = 32 * 1024 * 1024  # for all arriving photos of people to be removed, which never go to disk
MIN_BYTES_PER_S = 1024  # slower than any usable phone connection
MAX_TOKEN_LENGTH = 4096
MAX_CURSOR_LENGTH = 1024
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class Bounds:
    """Concurrency limits of one process: `bodies` that arrive, `bodies_per_caller`, `selfies`, files of `photos`,
    `streams` of events, `archives` of photos, pages with `updates`, and all other `requests`. `waiting`: how many of a
    kind may wait for a slot. Of one user: `streams_per_user`, pages with updates included, `archives_per_user` and
    `requests_per_user`."""

    bodies: int = 1000
    bodies_per_caller: int = 32
    selfies: int = 3
    photos: int = 4
    streams: int = 200
    updates: int = 1000
    archives: int = 32
    requests: int = 128
    waiting: int = 32
    streams_per_user: int = 4
    archives_per_user: int = 4
    requests_per_user: int = 32


@dataclass(frozen=True)
class Limits:
    """Times in seconds. `head_s`: for a request head. `body_s`: for a body without a verified token. `pause_s`: how
    long a body with one may pause, and `slowest_s`: how long all of it may take beyond MIN_BYTES_PER_S. `answer_s`: how
    long a response may stall. `photo_s`: for forwarding one photo. `coalesce_s`: between two equal updates of a page,
    `state_s`: between two reads of an event's state for its pages. `rotate_s`: after which a change stream is replaced
    by one that overlaps it. `rate_limit_url`: the counters that all gateways share; empty: each counts by itself."""

    head_s: float = 4
    body_s: float = 9
    pause_s: float = 60
    slowest_s: float = 600
    answer_s: float = 10
    call_s: float = 5
    selfie_s: float = 30
    photo_s: float = 120
    picture_s: float = 120
    poll_s: float = 0.3
    follow_s: float = 600
    health_s: float = 0.5
    keep_alive_s: float = 15
    # A server ends a connection after MAX_CONNECTION_AGE_S and the streams on it a minute later.
    rotate_s: float = 40
    coalesce_s: float = 0.5
    state_s: float = 1.0
    max_photo_bytes: int = DEFAULT_PHOTO_MB * MB
    max_selfie_bytes: int = DEFAULT_SELFIE_MB * MB
    bounds: Bounds = Bounds()
    rates: Rates = field(default_factory=Rates)
    rate_limit_url: str = ""
