"""The poster over REST: the URL in its QR code, its file name, and its permissions."""

import cv2
import httpx2
import numpy as np
import pypdfium2
import pytest

from auth_service.domain import OrganiserOnly
from gateway.http.site import DIRECT, Site
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import SIGNED, World, problem, running_world

EVENT = "3f2b8c1e-0000-4000-8000-00000000000a"
PUBLIC = Site(root_path="/fotos", public_origin="https://photos.example")


def ask(world: World, file: str, name: str = "Été à Nice") -> httpx2.Response:
    world.answer(GetEvent=pb.GetEventResponse(event=pb.Event(name=name, event_code="7K3F-9QXA")))
    return world.client.get(f"/api/events/{EVENT}/{file}", headers=SIGNED)


def scan(pdf: bytes) -> str:
    picture = np.asarray(pypdfium2.PdfDocument(pdf)[0].render(scale=2).to_pil().convert("RGB"))
    return str(cv2.QRCodeDetector().detectAndDecode(picture)[0])


@pytest.mark.parametrize("site", [DIRECT, PUBLIC], ids=["this address", "PUBLIC_URL"])
def test_the_qr_code_on_the_poster_opens_the_guest_page(site: Site) -> None:
    with running_world(site) as world:
        pdf = ask(world, "poster.pdf")
        own = f"http://127.0.0.1:{world.port}"
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert scan(pdf.content) == f"{site.public_origin or own}{site.root_path}/e/7K3F-9QXA"


def test_a_poster_has_a_readable_file_name() -> None:
    with running_world() as world:
        shown, saved = ask(world, "poster.svg?v=7K3F-9QXA"), ask(world, "poster.svg?download=true")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/svg+xml")
    assert shown.headers["content-disposition"].startswith('inline; filename="Ete-a-Nice-poster.svg"')
    assert saved.headers["content-disposition"].startswith('attachment; filename="Ete-a-Nice-poster.svg"')
    assert shown.headers["cache-control"] == "private, no-cache"


def test_the_response_lists_unprintable_characters() -> None:
    with running_world() as world:
        missing = [ask(world, "poster.pdf", name).headers.get("x-unprintable") for name in ("结婚 𒀀ᠮ", "结婚")]
        shown = ask(world, "poster.svg", "𒀀").headers
    assert missing == ["U+182E U+12000", None]
    assert "x-unprintable" not in shown


@pytest.mark.parametrize("file", ["poster.pdf", "poster.svg"])
def test_only_organisers_get_the_poster(file: str) -> None:
    with running_world() as world:
        world.answer(GetEvent=OrganiserOnly())
        refused = world.client.get(f"/api/events/{EVENT}/{file}", headers=SIGNED)
        unsigned = world.client.get(f"/api/events/{EVENT}/{file}")
    assert problem(refused) == (403, "organiser_only")
    assert problem(unsigned) == (401, "invalid_token")
