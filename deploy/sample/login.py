"""The sample organiser and sample event of `make run`, created once."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from deploy.local.system import LocalSystem
from deploy.rest import Person, RestFault, add_organiser
from deploy.sample.event import sample_event
from deploy.sample.portraits import SampleFetchError

USERNAME = "organiser"
EVENT_NAME = "Sample event"
UNAUTHORIZED = 401
INDEX_PATIENCE_S = 60.0


@dataclass(frozen=True)
class SampleLogin:
    """The progress of creating the sample; stored in the data folder, readable only by its owner."""

    username: str = USERNAME
    password: str = ""
    event_id: str = ""
    event_code: str = ""
    has_photos: bool = False
    fault: str = ""


def prepare_sample(system: LocalSystem) -> SampleLogin:
    """Creates what is missing; a failure is described in `fault`, and the next start retries."""
    path = system.data / "sample.json"
    login = SampleLogin(**json.loads(path.read_text())) if path.exists() else SampleLogin()
    login = replace(login, fault="")
    try:
        if not login.password:
            login = replace(login, password=secrets.token_urlsafe(12))
            _write(path, login)
        with Person(system.base_url, system.trusted) as organiser:
            _log_in(system, organiser, login)
            if not login.event_id:
                event = organiser.create_event(EVENT_NAME)
                login = replace(login, event_id=event["id"])
                _write(path, login)
            login = replace(login, event_code=organiser.event(login.event_id)["event_code"])
            _write(path, login)
            if not login.has_photos:
                sample = sample_event(system.data / "sample")
                organiser.upload_photos(login.event_id, sample.photos)
                _write_selfies(system.data / "sample" / "selfies", sample.selfies)
                login = replace(login, has_photos=True)
                _write(path, login)
            _wait_for_index(organiser, login.event_id)
    except (RestFault, SampleFetchError) as fault:
        login = replace(login, fault=str(fault))
    return login


def _log_in(system: LocalSystem, organiser: Person, login: SampleLogin) -> None:
    """Signs in, and creates the account first if it does not exist."""
    try:
        organiser.login(login.username, login.password)
    except RestFault as fault:
        if login.event_id or fault.status != UNAUTHORIZED:
            raise
        add_organiser(system.data, system.env, login.username, login.password)
        organiser.login(login.username, login.password)


def _wait_for_index(organiser: Person, event_id: str) -> None:
    """Waits until the sample can be tried, or a timeout."""
    deadline = time.monotonic() + INDEX_PATIENCE_S
    while organiser.event(event_id)["photos"]["pending"] and time.monotonic() < deadline:
        time.sleep(1)


def _write_selfies(folder: Path, selfies: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, jpeg in selfies.items():
        (folder / f"{name.lower()}.jpg").write_bytes(jpeg)


def _write(path: Path, login: SampleLogin) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(login), indent=2) + "\n")
    fresh.replace(path)
