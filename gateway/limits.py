"""What the gateway grants one request."""

from dataclasses import dataclass

MAX_JSON_BYTES = 64 * 1024
MAX_SELFIE_BYTES = 10 * 1024 * 1024
MAX_PHOTO_BYTES = 30 * 1024 * 1024  # the service draws the exact line
MAX_PHOTOS = 100
MULTIPART_BYTES = 64 * 1024  # boundaries and headers beside the files
MIN_BYTES_PER_S = 4 * 1024  # slower than any phone that a person would wait for
MAX_TOKEN_LENGTH = 4096
MAX_CURSOR_LENGTH = 1024
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class Bounds:
    """How many at once in one process: `bodies` on their way in, and at work `selfies`, uploads of `photos`, `streams`
    of events, and all other `requests`. `waiting`: how many of a kind may wait for their turn."""

    bodies: int = 1000
    selfies: int = 3
    photos: int = 8
    streams: int = 200
    requests: int = 128
    waiting: int = 32


@dataclass(frozen=True)
class Limits:
    """Times in seconds. `head_s`: for a request head. `body_s`: how long a body may stand still; one that comes at less
    than MIN_BYTES_PER_S uses it up. `answer_s`: how long an answer may wait for its reader."""

    head_s: float = 4
    body_s: float = 5
    answer_s: float = 10
    call_s: float = 5
    selfie_s: float = 30
    photos_s: float = 300
    picture_s: float = 120
    poll_s: float = 0.3
    follow_s: float = 600
    health_s: float = 0.5
    bounds: Bounds = Bounds()
