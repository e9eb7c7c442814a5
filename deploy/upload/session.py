"""Requests of one organiser or photographer, retried after lost connections and expired tokens."""

import random
import ssl
import time
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import httpx2

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
TIMEOUT = httpx2.Timeout(120.0, connect=10.0)
# Statuses worth a retry; any other would be returned again.
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))

Json = dict[str, Any]


class Rejected(Exception):
    """The gateway rejected the request: `reason` is stable, the message is for people."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{message} ({reason})")
        self.status = status
        self.reason = reason


class Unreachable(Exception):
    """The gateway did not answer within the configured time."""


class Session:
    """`patience_s`: how long a request is retried. Thread-safe."""

    def __init__(self, base_url: str, patience_s: float, verify: ssl.SSLContext | bool = True) -> None:
        self._http = httpx2.Client(base_url=base_url, timeout=TIMEOUT, verify=verify)
        self._patience_s = patience_s
        self._stop = Event()
        self._renewing = Lock()
        self._access = self._refresh = ""

    def close(self) -> None:
        """Aborts requests in progress; they are not retried."""
        self._stop.set()
        self._http.close()

    def login(self, username: str, password: str) -> None:
        """Raises Rejected, Unreachable."""
        self._keep(self.post("/api/login", {"username": username, "password": password}))

    def get(self, path: str, **query: Any) -> Json:
        """Raises Rejected, Unreachable."""
        return self.ask("GET", path, lambda: {"params": query})

    def post(self, path: str, form: Json) -> Json:
        """Raises Rejected, Unreachable."""
        return self.ask("POST", path, lambda: {"json": form})

    def ask(self, method: str, path: str, make_request: Callable[[], dict[str, Any]]) -> Json:
        """The response, after as many attempts as needed; `make_request` builds a new body for each. Raises Rejected,
        Unreachable."""
        ends_at, wait_s = time.monotonic() + self._patience_s, FIRST_WAIT_S
        has_renewed = False
        while True:
            access = self._access
            answer, why = self._try(method, path, make_request(), access)
            if answer is not None and answer.is_success:
                body: Json = answer.json() if answer.content else {}
                return body
            if answer is not None and answer.status_code == 401 and self._refresh and not has_renewed:
                has_renewed = True
                self._renew(access)
                continue
            if answer is not None and answer.status_code not in PASSING:
                raise _rejected(answer)
            pause_s = max(wait_s * random.uniform(0.5, 1.0), _retry_after(answer))
            if time.monotonic() + pause_s > ends_at or self._stop.wait(pause_s):
                raise Unreachable(why)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _try(self, method: str, path: str, request: dict[str, Any], access: str) -> tuple[httpx2.Response | None, str]:
        """A response, or why there was none."""
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        try:
            answer = self._http.request(method, path, headers=headers, **request)
        except (httpx2.TransportError, RuntimeError) as error:  # RuntimeError: the client was closed during the request
            return None, str(error) or type(error).__name__
        return answer, f"HTTP {answer.status_code}"

    def _renew(self, expired: str) -> None:
        """Only one of several threads refreshes, since a refresh token can be used once."""
        with self._renewing:
            if self._access == expired:
                token, self._refresh = self._refresh, ""
                self._keep(self.post("/api/refresh", {"refresh_token": token}))

    def _keep(self, tokens: Json) -> None:
        self._access, self._refresh = tokens["access_token"], tokens["refresh_token"]


def _retry_after(answer: httpx2.Response | None) -> float:
    seconds = answer.headers.get("retry-after", "") if answer is not None else ""
    return float(seconds) if seconds.isdigit() else 0.0


def _rejected(answer: httpx2.Response) -> Rejected:
    try:
        problem = answer.json()
        return Rejected(answer.status_code, problem["reason"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        message = f"The server answered {answer.status_code}."
        return Rejected(answer.status_code, f"http_{answer.status_code}", message)
