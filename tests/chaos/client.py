"""An HTTP client that retries, as a patient app does, until it gets a decisive response."""

import time
from collections import Counter
from threading import Event
from typing import Any, Self

import httpx2

PASSWORD = "not for people"
PATIENCE_S = 300.0  # a process that dies every few calls, as with failpoints, serves only few clients
PAUSE_S = 0.3  # more frequent requests would starve the processes that are restarting
UNDECIDED = (408, 429, 502, 503, 504)

Json = dict[str, Any]


class NoAnswer(Exception):
    """No decisive response arrived within PATIENCE_S."""


class Broken(Exception):
    """The system responded with 500."""


class Client:
    """One account. `repeated` counts the retries by cause."""

    def __init__(self, base_url: str, username: str, stop: Event | None = None) -> None:
        self.username = username
        self.repeated: Counter[str] = Counter()
        self._stop = stop or Event()
        self._tokens: dict[str, str] = {}
        self._http = httpx2.Client(base_url=base_url, timeout=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def register(self, event_code: str) -> Json:
        user = {"username": self.username, "email": f"{self.username}@example.org", "password": PASSWORD}
        form = {"user_data": user, "event_code": event_code}
        answer = self.ask("POST", "/api/register-with-event-code", json=form)
        if answer.status_code == 422:  # an earlier attempt created the account, but its response was lost
            return self.login()
        assert answer.status_code == 201, answer.text
        return self._authorise(answer.json())

    def login(self) -> Json:
        answer = self.ask("POST", "/api/login", json={"username": self.username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return self._authorise(answer.json())

    def switch_to(self, username: str, token: str) -> None:
        """Continues as another user, with the latest known token of that user."""
        self.username = username
        self._http.headers["Authorization"] = self._tokens.get(username, f"Bearer {token}")

    def ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Raises NoAnswer, Broken."""
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            answer = self._try(method, path, **request)
            if answer is not None:
                return answer
            time.sleep(PAUSE_S)
        raise NoAnswer(f"{method} {path}")

    def get(self, path: str, **params: Any) -> Json:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        body: Json = answer.json()
        return body

    def _try(self, method: str, path: str, **request: Any) -> httpx2.Response | None:
        try:
            answer = self._http.request(method, path, **request)
        except httpx2.HTTPError as error:
            self.repeated[type(error).__name__] += 1
            return None
        if answer.status_code == 500:
            raise Broken(f"{method} {path}: {answer.text}")
        undecided = answer.status_code in UNDECIDED
        undecided |= answer.status_code == 409 and answer.json()["reason"] == "request_in_progress"
        if answer.status_code == 401 and path != "/api/login":
            self.login()
            undecided = True
        if undecided:
            self.repeated[f"{answer.status_code} {answer.json()['reason']}"] += 1
        return None if undecided else answer

    def _authorise(self, login: Json) -> Json:
        self._http.headers["Authorization"] = self._tokens[self.username] = f"Bearer {login['access_token']}"
        return login
