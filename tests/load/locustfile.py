"""Guests at a party, for locust: register, sign in, keep a page open, upload a selfie, wait for the matches, look at
photos.

    EVENT_CODE=... locust -f tests/load/locustfile.py --host=http://localhost:8000 --users=30 --spawn-rate=5 \
        --run-time=5m --headless --html=results.html

EVENT_CODE is the code of an open event (`make run` prints one). MINOIS_DATA/sample holds the faces (default var).
EXPECTED optionally maps each person to the number of their photos, as JSON; a different number is then a failure.
PAGES_FILE is the output file for the counts of the open pages.
"""

import json
import os
import random
import time
from pathlib import Path
from uuid import uuid4

from locust import FastHttpUser, between, events, task
from locust.env import Environment

from deploy.sample.event import load_selfies
from tests.load.pages import OpenPage, PageCounts

UPLOAD_EVERY_S = 30
POLL_S = 0.5
PATIENCE_S = 120

EVENT_CODE = os.environ.get("EVENT_CODE", "")
EXPECTED: dict[str, int] = json.loads(os.environ.get("EXPECTED", "{}"))
SELFIES: list[tuple[str, bytes]] = []
PAGES = PageCounts()


@events.init.add_listener
def load_faces(environment: Environment, **_: object) -> None:
    if not EVENT_CODE:
        raise SystemExit("EVENT_CODE is not set: give the code of an open event, such as the one `make run` prints.")
    SELFIES.extend(load_selfies(Path(os.environ.get("MINOIS_DATA", "var")) / "sample"))


@events.quitting.add_listener
def write_pages(environment: Environment, **_: object) -> None:
    if path := os.environ.get("PAGES_FILE"):
        PAGES.write(Path(path))


class Guest(FastHttpUser):
    """One guest with a random name and password."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        self.token = ""
        person, _ = random.choice(SELFIES)
        self.selfies = [selfie for selfie in SELFIES if selfie[0] == person]
        self.uploaded_at = time.monotonic() - random.uniform(0, UPLOAD_EVERY_S)
        name, password = f"guest-{uuid4().hex[:12]}", uuid4().hex
        email = f"{name}@example.org"
        self.ask("POST", "/api/check-event-code", json={"event_code": EVENT_CODE})
        form = {"username": name, "email": email, "event_code": EVENT_CODE}
        self.ask("POST", "/api/check-user-availability", json=form)
        user = {"username": name, "email": email, "password": password}
        self.ask("POST", "/api/register-with-event-code", json={"user_data": user, "event_code": EVENT_CODE})
        answer = self.ask("POST", "/api/login", json={"username": name, "password": password})
        self.token = str(answer.get("access_token", ""))
        self.page = OpenPage(self.host, self.token, PAGES)

    def on_stop(self) -> None:
        self.page.close()

    @task
    def look(self) -> None:
        """Uploads a selfie if one is due; otherwise requests a page of photos and one of them."""
        if time.monotonic() - self.uploaded_at >= UPLOAD_EVERY_S:
            self.uploaded_at = time.monotonic()
            self.upload_selfie()
            return
        photos = self.ask("GET", "/api/my-photos?limit=20", name="/api/my-photos").get("photos", [])
        if photos:
            variant = random.choice(("thumb_url", "thumb_url", "preview_url"))
            url = random.choice(photos)[variant]
            self.client.get(url, name=f"/api/photos/{variant.removesuffix('_url')}", headers=self.headers)

    def upload_selfie(self) -> None:
        person, jpeg = random.choice(self.selfies)
        started = time.perf_counter()
        self.ask("POST", "/api/upload-selfie", files={"file": ("selfie.jpg", jpeg, "image/jpeg")})
        state: dict[str, object] = {"status": "running"}
        while state.get("status") == "running" and time.perf_counter() - started < PATIENCE_S:
            time.sleep(POLL_S)
            state = self.ask("GET", "/api/rematch-status")
        self.environment.events.request.fire(
            request_type="JOURNEY",
            name="selfie to matches",
            response_time=(time.perf_counter() - started) * 1000,
            response_length=0,
            exception=self.wrong_answer(person, state),
            context={},
        )

    def wrong_answer(self, person: str, state: dict[str, object]) -> Exception | None:
        if state.get("status") != "done":
            return ValueError(f"ended as {state.get('status')} {state.get('reason', '')}")
        if person in EXPECTED and state.get("matched") != EXPECTED[person]:
            return ValueError(f"{person} is in {EXPECTED[person]} photos, {state.get('matched')} were found")
        return None

    def ask(self, method: str, path: str, **request: object) -> dict[str, object]:
        answer = self.client.request(method, path, headers=self.headers, **request)
        try:
            body: dict[str, object] = answer.json()
        except ValueError:
            return {}
        return body

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
