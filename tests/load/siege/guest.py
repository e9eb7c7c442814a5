"""An honest guest, who joins, sends a selfie, waits for the matches, opens the gallery and views pictures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from deploy.rest import FINAL, Json, RestFault

PATIENCE_S = 120.0
POLL_S = 0.15
THUMBS = 8
STEPS = ("join", "selfie", "matches", "gallery", "pictures")


@dataclass
class Journey:
    """Seconds by step, and the number of rejections that asked the guest to retry later."""

    steps_s: dict[str, float] = field(default_factory=dict)
    refusals: int = 0

    @property
    def total_s(self) -> float:
        return sum(self.steps_s.values())


class Guest:
    """Behaves like the guest page: a rejected request is retried after Retry-After, and the wait counts."""

    def __init__(self, base_url: str, address: str) -> None:
        headers = {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"}
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=PATIENCE_S)
        self._journey = Journey()

    def walk(self, code: str, selfie: bytes) -> Journey:
        """Raises RestFault if the guest sees no photo within PATIENCE_S."""
        with self._http:
            self._step("join", lambda: self._join(code))
            self._step("selfie", lambda: self._ask("POST", "/api/upload-selfie", files={"file": ("s.jpg", selfie)}))
            self._step("matches", self._await_matches)
            photos = self._step("gallery", lambda: self._ask("GET", "/api/my-photos")).json()["photos"]
            if not photos:
                raise RestFault("The guest sees no photo.")
            self._step("pictures", lambda: self._look_at(photos))
        return self._journey

    def _step(self, name: str, act: Callable[[], httpx2.Response]) -> httpx2.Response:
        began_s = time.perf_counter()
        answer = act()
        self._journey.steps_s[name] = time.perf_counter() - began_s
        return answer

    def _join(self, code: str) -> httpx2.Response:
        form = {"event_code": code, "display_name": "Gina", "consent_version": "1"}
        return self._ask("POST", "/api/guest-sessions", json=form, headers={"Idempotency-Key": str(uuid4())})

    def _await_matches(self) -> httpx2.Response:
        ends_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_s:
            answer = self._ask("GET", "/api/rematch-status")
            state: Json = answer.json()
            if state["status"] in FINAL:
                if state["status"] != "done":
                    raise RestFault(f"The selfie ended as {state}")
                return answer
            time.sleep(POLL_S)
        raise RestFault(f"No matches after {PATIENCE_S:g} s")

    def _look_at(self, photos: list[Json]) -> httpx2.Response:
        for photo in photos[:THUMBS]:
            self._ask("GET", photo["thumb_url"])
        self._ask("GET", photos[0]["preview_url"])
        return self._ask("GET", photos[0]["original_url"])

    def _ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        ends_s = time.monotonic() + PATIENCE_S
        while True:
            answer = self._http.request(method, path, **request)
            if answer.is_success:
                return answer
            if answer.status_code not in (429, 503) or time.monotonic() > ends_s:
                raise RestFault(f"{method} {path} answered {answer.status_code}: {answer.text[:200]}")
            self._journey.refusals += 1
            time.sleep(float(answer.headers.get("retry-after", 1)))
