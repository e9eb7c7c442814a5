"""An event on a fresh system, and the tokens and ids that the calls need."""

import base64
import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent
from kit.rpc.identity import Signer

ORGANISER, GUEST, PASSWORD = "ghz-organiser", "ghz-guest", "only for this run"
SERVICES = ("auth", "selfie", "matcher", "gateway")
TOKEN_S = 3600
JPEG = {"Content-Type": "image/jpeg"}
MAKE, MODEL = 271, 272  # of EXIF
TIMEOUT_S = 30.0
READ_TIMEOUT_S = 180.0

Json = dict[str, Any]


class Party:
    """`values` holds the replacements of `${NAME}` in the calls."""

    def __init__(self, system: LocalSystem, sample: SampleEvent) -> None:
        self._http = httpx2.Client(base_url=system.base_url, timeout=TIMEOUT_S)
        self._sample = sample
        photo, selfie = sample.photos[0].jpeg, sample.selfies["Ada"]
        self.values = {
            "PASSWORD": PASSWORD,
            "GUEST_NAME": GUEST,
            "PHOTO": encode(photo),
            "PHOTO_SHA256": encode(hashlib.sha256(photo).digest()),
            "SELFIE": encode(selfie),
            "ENCODING": json.dumps(np.random.default_rng(1).normal(0, 0.09, 128).round(4).tolist()),
            **{f"{name.upper()}_SERVICE_TOKEN": _sign(system, name) for name in SERVICES},
        }
        add_organiser(system.data, system.env, ORGANISER, PASSWORD)
        self._organise()
        self._invite_guests()

    def _organise(self) -> None:
        login = self._ask("POST", "/api/login", json={"username": ORGANISER, "password": PASSWORD})
        self._authorise(login)
        event = self._ask("POST", "/api/events", json={"name": "Party"})
        spare = self._ask("POST", "/api/events", json={"name": "Spare"})
        photos = self._add_photos(event["id"])
        of_ada = [photo.name for photo in self._sample.photos if "Ada" in photo.people]
        invitations = [self._invite(event["id"]) for _ in range(4)]
        self._ask("PUT", f"/api/events/{event['id']}/logo", content=self._sample.photos[0].jpeg, headers=JPEG)
        self.values |= {
            "ORGANISER_TOKEN": login["access_token"],
            "CAMERA_ID": self._wait_for_camera(event["id"]),
            "EVENT_ID": event["id"],
            "EVENT_CODE": event["event_code"],
            "SPARE_EVENT_ID": spare["id"],
            "PHOTO_ID": photos[of_ada[0]],
            "HIDDEN_PHOTO_ID": photos[of_ada[1]],
            "SPARE_PHOTO_ID": photos[of_ada[2]],
            "CAMERA_PHOTO_ID": photos["camera.jpg"],
            "FACE_KEY": self._find_face(photos["camera.jpg"]),
            "FAILED_PHOTO_ID": photos["broken.jpg"],
            "INVITATION_ID": invitations[0]["id"],
            "INVITATION_TOKEN": invitations[1]["token"],
            "SECOND_INVITATION_TOKEN": invitations[2]["token"],
            "OPEN_INVITATION_TOKEN": invitations[3]["token"],
        }

    def _add_photos(self, event_id: str) -> dict[str, str]:
        """Uploads the photos; returns their ids by file name. One file is a truncated JPEG."""
        files = [("files", (photo.name, photo.jpeg, "image/jpeg")) for photo in self._sample.photos]
        files.append(("files", ("camera.jpg", taken_with_camera(self._sample.photos[0].jpeg), "image/jpeg")))
        files.append(("files", ("broken.jpg", self._sample.photos[0].jpeg[:400], "image/jpeg")))
        answer = self._ask("POST", f"/api/events/{event_id}/photos", files=files)
        return {photo["filename"]: photo.get("id", "") for photo in answer["photos"]}

    def _wait_for_camera(self, event_id: str) -> str:
        """Waits until a photo with camera data is indexed; returns the id of its camera."""
        deadline = time.monotonic() + READ_TIMEOUT_S
        while not (cameras := self._ask("GET", f"/api/events/{event_id}/cameras")["cameras"]):
            if time.monotonic() > deadline:
                raise SystemExit(f"No photo with a camera was read within {READ_TIMEOUT_S:.0f} s.")
            time.sleep(0.2)
        return str(cameras[0]["id"])

    def _find_face(self, photo_id: str) -> str:
        """The key of the first face of an indexed photo."""
        return str(self._ask("GET", f"/api/photos/{photo_id}/faces/0/similar")["faces"][0]["face_name"])

    def _invite(self, event_id: str) -> Json:
        return self._ask("POST", f"/api/events/{event_id}/invitations", json={"role": "photographer"})

    def _invite_guests(self) -> None:
        user = {"username": GUEST, "email": f"{GUEST}@example.org", "password": PASSWORD}
        form = {"user_data": user, "event_code": self.values["EVENT_CODE"]}
        guest = self._ask("POST", "/api/register-with-event-code", json=form)
        self._authorise(guest)
        selfie = ("selfie.jpg", self._sample.selfies["Ada"], "image/jpeg")
        self._ask("POST", "/api/upload-selfie", files={"file": selfie})
        self._wait_until_found()
        link = self._ask("POST", "/api/me/sign-in-links", json={})
        person = self._ask("POST", "/api/people", json={"name": "Mia", "consent_version": "1"})
        nameless, leaving, erased = (self._ask("POST", "/api/guest-sessions", json=self._form()) for _ in range(3))
        self.values |= {
            "GUEST_TOKEN": guest["access_token"],
            "GUEST_ID": guest["user_id"],
            "PERSON_ID": person["id"],
            "SIGN_IN_LINK": link["token"],
            "NAMELESS_TOKEN": nameless["access_token"],
            "REFRESH_TOKEN": nameless["refresh_token"],
            "REFRESH_TOKEN_TO_END": erased["refresh_token"],
            "LEAVING_TOKEN": leaving["access_token"],
            "LEAVING_ID": leaving["user_id"],
            "ERASED_TOKEN": erased["access_token"],
        }

    def _wait_until_found(self) -> None:
        deadline = time.monotonic() + READ_TIMEOUT_S
        expected = sum("Ada" in photo.people for photo in self._sample.photos)
        while self._ask("GET", "/api/my-photos")["total"] < expected:
            if time.monotonic() > deadline:
                raise SystemExit(f"The guest got no {expected} photos within {READ_TIMEOUT_S:.0f} s.")
            time.sleep(0.2)

    def _authorise(self, login: Json) -> None:
        self._http.headers["Authorization"] = f"Bearer {login['access_token']}"

    def _form(self) -> Json:
        return {"event_code": self.values["EVENT_CODE"], "consent_version": "1"}

    def _ask(self, method: str, url: str, **request: Any) -> Json:
        answer = self._http.request(method, url, **request).raise_for_status()
        body: Json = answer.json() if answer.content else {}
        return body


def taken_with_camera(jpeg: bytes) -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = "Minois", "Test"
    stream = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def encode(data: bytes) -> str:
    """Base64, the JSON form of a protobuf bytes field."""
    return base64.b64encode(data).decode()


def _sign(system: LocalSystem, name: str) -> str:
    path = Path(system.env[f"{name.upper()}_SIGNING_KEY"])
    return Signer.read(name, path).sign(f"service:{name}", TOKEN_S)
