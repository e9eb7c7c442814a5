"""A client of the REST interface for an organiser or a guest."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from deploy.sample.event import SamplePhoto

TIMEOUT_S = 30.0
FINAL = ("done", "error", "validation_failed", "idle")

Json = dict[str, Any]


class RestFault(Exception):
    """An unexpected response; `status` is its HTTP status, 0 without a response."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Person:
    """A user of Minois over HTTP, authenticated after `login` or `register`.

    `trusted`: a file with the certificate of a gateway that uses a self-signed one."""

    def __init__(self, base_url: str, trusted: Path | None = None) -> None:
        verify = ssl.create_default_context(cafile=trusted) if trusted else True
        self._http = httpx2.Client(base_url=base_url, timeout=TIMEOUT_S, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def login(self, username: str, password: str) -> None:
        answer = self._ask("POST", "/api/login", json={"username": username, "password": password})
        self._authorise(answer)

    def become_first_organiser(self, code: str, username: str, password: str) -> None:
        """Uses the code that auth_service logs while there is no organiser."""
        user = {"username": username, "email": f"{username}@example.org", "password": password}
        self._authorise(self._ask("POST", "/api/first-organiser", json={"code": code, "user_data": user}))

    def register(self, username: str, password: str, event_code: str) -> None:
        user = {"username": username, "email": f"{username}@example.org", "password": password}
        form = {"user_data": user, "event_code": event_code}
        self._authorise(self._ask("POST", "/api/register-with-event-code", json=form))

    def create_event(self, name: str) -> Json:
        return self._ask("POST", "/api/events", json={"name": name})

    def invite(self, event_id: str, role: str) -> Json:
        return self._ask("POST", f"/api/events/{event_id}/invitations", json={"role": role})

    def anomalies(self, event_id: str) -> Json:
        return self._ask("GET", f"/api/events/{event_id}/anomalies")

    def event(self, event_id: str) -> Json:
        return self._ask("GET", f"/api/events/{event_id}")

    def upload_photos(self, event_id: str, photos: Iterable[SamplePhoto]) -> dict[str, SamplePhoto]:
        """The photos by their new ids. Raises RestFault if one was rejected."""
        by_name = {photo.name: photo for photo in photos}
        files = [("files", (photo.name, photo.jpeg, "image/jpeg")) for photo in by_name.values()]
        answer = self._ask("POST", f"/api/events/{event_id}/photos", files=files)
        for item in answer["photos"]:
            if "reason" in item:
                raise RestFault(f"{item['filename']} was rejected: {item['reason']}")
        return {item["id"]: by_name[item["filename"]] for item in answer["photos"]}

    def upload_selfie(self, jpeg: bytes) -> float:
        """Returns the response time in milliseconds."""
        started = time.perf_counter()
        self._ask("POST", "/api/upload-selfie", files={"file": ("selfie.jpg", jpeg, "image/jpeg")})
        return (time.perf_counter() - started) * 1000

    def follow_rematch(self) -> Json:
        """The final state, from the server-sent events."""
        with self._http.stream("GET", "/api/rematch-events") as answer:
            if answer.status_code != 200:
                raise RestFault(f"GET /api/rematch-events answered {answer.status_code}")
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    state: Json = json.loads(line.removeprefix("data:"))
                    if state["status"] in FINAL:
                        return state
        raise RestFault("GET /api/rematch-events ended before the rematch did")

    def my_photos(self, page_size: int = 5) -> Iterator[Json]:
        """Every photo, page after page."""
        query: Json = {"limit": page_size}
        while True:
            page = self._ask("GET", "/api/my-photos", params=query)
            yield from page["photos"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

    def download(self, url: str) -> bytes:
        answer = self._http.get(url)
        if answer.status_code != 200:
            raise RestFault(f"GET {answer.url.path} answered {answer.status_code}")
        return answer.content

    def status_of(self, url: str) -> int:
        """The HTTP status of a GET."""
        return self._http.get(url).status_code

    def delete(self, url: str) -> None:
        self._ask("DELETE", url)

    def _authorise(self, answer: Json) -> None:
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def _ask(self, method: str, url: str, **request: Any) -> Json:
        try:
            answer = self._http.request(method, url, **request)
        except httpx2.HTTPError as error:
            raise RestFault(f"{method} {url}: {error}") from error
        if not answer.is_success:
            text = f"{method} {url} answered {answer.status_code}: {answer.text[:500]}"
            raise RestFault(text, answer.status_code)
        body: Json = answer.json() if answer.content else {}
        return body


def add_organiser(data: Path, environment: Mapping[str, str], username: str, password: str) -> None:
    """Creates an organiser with the operators' command. Raises RestFault with its error message."""
    command = [sys.executable, "-m", "auth_service", "add-organiser", "--username", username]
    command += ["--email", f"{username}@example.org"]
    settings = {**os.environ, **environment, "MINOIS_DATA": str(data), "MINOIS_PASSWORD": password}
    done = subprocess.run(
        command, env=settings, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RestFault(f"add-organiser: {(done.stderr or done.stdout).strip()[-500:]}")
