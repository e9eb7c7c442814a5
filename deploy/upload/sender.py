"""Sends the photos that an event does not have yet, several at the same time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from deploy.upload.folder import Photo
from deploy.upload.session import Rejected, Session, Unreachable

MAX_HASHES = 1000  # hashes per request
EVENT_WIDE = (401, 403, 404, 409)  # reasons that apply to every photo


@dataclass
class Outcome:
    """The outcome of an upload. `rejected` has the reason of each rejection, `fault` why the rest was not sent."""

    known: int = 0
    sent: int = 0
    rejected: list[tuple[Photo, Rejected]] = field(default_factory=list)
    unsent: list[Photo] = field(default_factory=list)
    fault: Exception | None = None

    @property
    def is_complete(self) -> bool:
        return not self.rejected and not self.unsent


def find_missing(session: Session, event_id: str, photos: Sequence[Photo]) -> list[Photo]:
    """The photos that the event does not have, or could not read. Raises Rejected, Unreachable."""
    known: set[str] = set()
    for part in _split(photos, MAX_HASHES):
        answer = session.post(f"/api/events/{event_id}/photos/known", {"sha256": [photo.sha256 for photo in part]})
        known |= {photo["sha256"] for photo in answer["photos"] if photo["status"] != "failed"}
    return [photo for photo in photos if photo.sha256 not in known]


class Sender:
    """Sends one request per photo, so that each one is stored independently."""

    def __init__(
        self, session: Session, event_id: str, connections: int, advance: Callable[[Photo], None], replace: bool = False
    ) -> None:
        self._session = session
        self._path = f"/api/events/{event_id}/photos"
        self._query = {"replace": "true"} if replace else {}
        self._connections = connections
        self._advance = advance
        self._stop = Event()
        self._lock = Lock()

    def send_all(self, photos: Sequence[Photo], outcome: Outcome) -> None:
        """Fills the outcome. Stops at a rejection that applies to every photo, or when the gateway is unreachable;
        Ctrl-C raises KeyboardInterrupt, and the outcome has what was sent until then."""
        outcome.unsent = list(photos)
        pool = ThreadPoolExecutor(self._connections)
        try:
            for task in [pool.submit(self._send, photo, outcome) for photo in photos]:
                task.result()
        except KeyboardInterrupt:
            self._stop.set()
            self._session.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _send(self, photo: Photo, outcome: Outcome) -> None:
        if self._stop.is_set():
            return
        rejection: Rejected | None = None
        try:
            with photo.path.open("rb") as file:

                def make_request() -> dict[str, Any]:
                    file.seek(0)
                    return {"files": {"files": (photo.path.name, file)}, "params": self._query}

                self._session.ask("POST", self._path, make_request)
        except Rejected as fault:
            if fault.status in EVENT_WIDE:
                self._give_up(fault, outcome)
                return
            rejection = fault
        except (Unreachable, OSError) as fault:
            self._give_up(fault, outcome)
            return
        with self._lock:
            outcome.unsent.remove(photo)
            if rejection:
                outcome.rejected.append((photo, rejection))
            else:
                outcome.sent += 1
        self._advance(photo)

    def _give_up(self, fault: Exception, outcome: Outcome) -> None:
        self._stop.set()
        outcome.fault = outcome.fault or fault


def _split(photos: Sequence[Photo], size: int) -> Iterator[Sequence[Photo]]:
    return (photos[start : start + size] for start in range(0, len(photos), size))
