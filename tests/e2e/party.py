"""HTTP clients for guests and organisers."""

import json
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx2

from deploy.sample.event import SamplePhoto

PATIENCE_S = 90.0
PASSWORD = "correct horse battery"
RENEW_AFTER_S = 600.0  # tokens are valid for 15 minutes

Json = dict[str, Any]
Answer = TypeVar("Answer")


def until(ask: Callable[[], Answer], is_it: Callable[[Answer], object], patience_s: float = PATIENCE_S) -> Answer:
    """Polls until the condition holds."""
    ends_at = time.monotonic() + patience_s
    while not is_it(answer := ask()):
        if time.monotonic() > ends_at:
            raise AssertionError(f"still {answer!r} after {patience_s:g} s")
        time.sleep(0.05)
    return answer


class Renewal(httpx2.Auth):
    """Authenticates with a login's token and renews it before it expires: some people are used for the whole run."""

    def __init__(self, base_url: str, login: Json) -> None:
        self._url = f"{base_url}/api/refresh"
        self._login = dict(login)
        self._since = time.monotonic()

    @property
    def token(self) -> str:
        """The token of the most recent request."""
        return str(self._login["access_token"])

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response]:
        if time.monotonic() - self._since > RENEW_AFTER_S:
            answer = yield httpx2.Request("POST", self._url, json={"refresh_token": self._login["refresh_token"]})
            self._login |= json.loads(answer.read())
            self._since = time.monotonic()
        request.headers.setdefault("Authorization", f"Bearer {self.token}")
        yield request


class Person:
    """A person with an account. `http` sends their token; tests may also use it directly."""

    def __init__(self, base_url: str, login: Json, username: str) -> None:
        self.auth = Renewal(base_url, login)
        self.http = httpx2.Client(base_url=base_url, auth=self.auth, timeout=30)
        self.login, self.username = login, username
        self.id = login["user_id"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **params: Any) -> Json:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        body: Json = answer.json()
        return body

    def expect(self, status: int, method: str, path: str, **request: Any) -> Json:
        """Sends a request and asserts the status of the answer."""
        answer = self.http.request(method, path, **request)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        body: Json = answer.json() if answer.content and "json" in answer.headers["content-type"] else {}
        return body

    def send_selfie(self, image: bytes, **headers: str) -> str:
        """Returns the id of the accepted selfie."""
        answer = self.http.post("/api/upload-selfie", files={"file": ("selfie.jpg", image)}, headers=headers)
        assert answer.status_code == 202, answer.text
        assert answer.json()["status"] == "processing"
        selfie_id: str = answer.json()["selfie_id"]
        return selfie_id

    def status(self) -> Json:
        return self.get("/api/rematch-status")

    def settled(self) -> Json:
        """Waits for the final status."""
        return until(self.status, lambda status: status["status"] != "running")

    def selfie_and_wait(self, image: bytes) -> Json:
        self.send_selfie(image)
        return self.settled()

    def photos(self, **params: Any) -> set[str]:
        """The ids of all photos that the guest sees."""
        found: set[str] = set()
        while True:
            page = self.get("/api/my-photos", **params)
            found |= {photo["id"] for photo in page["photos"]}
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]


class Organiser(Person):
    """A person who may create events."""

    def event(self, name: str = "Party", **fields: Any) -> Json:
        answer = self.http.post("/api/events", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        event: Json = answer.json()
        return event

    def add_photos(self, event: Json, photos: Iterable[SamplePhoto], wait: bool = True) -> dict[str, SamplePhoto]:
        """Uploads photos and returns them by id, indexed if `wait` is set."""
        chosen = list(photos)
        files = [("files", (photo.name, photo.jpeg, "image/jpeg")) for photo in chosen]
        answer = self.http.post(f"/api/events/{event['id']}/photos", files=files)
        assert answer.status_code == 202, answer.text
        if wait:
            self.indexed(event)
        return {item["id"]: photo for item, photo in zip(answer.json()["photos"], chosen, strict=True)}

    def indexed(self, event: Json) -> Json:
        return until(lambda: self.get(f"/api/events/{event['id']}")["photos"], lambda photos: photos["pending"] == 0)


def register(base_url: str, event: Json, username: str = "") -> Person:
    """Registers a new guest of the event."""
    username = username or f"guest-{uuid4().hex[:10]}"
    user = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    answer = httpx2.post(
        f"{base_url}/api/register-with-event-code",
        json={"user_data": user, "event_code": event["event_code"]},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return Person(base_url, answer.json(), username)


def showing(photos: dict[str, SamplePhoto], person: str) -> set[str]:
    """The ids of the photos that show a person."""
    return {photo_id for photo_id, photo in photos.items() if person in photo.people}
