"""multipart/form-data as real clients send it, and malformed or hostile forms."""

import time
from typing import Any

import httpx2
import pytest

from gateway.http.multipart import MultipartParser
from gateway.http.uploads import SLICE_BYTES
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
SELFIE = "/api/upload-selfie"
PHOTOS = f"/api/events/{EVENT}/photos"
FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (FORM, b"", (400, "empty_body")),
        ("application/json", b"", (400, "empty_body")),
        ("application/json", b"{}", (422, "invalid_form")),
        ("multipart/form-data", b"--b", (400, "malformed_multipart")),
        (f"multipart/form-data; boundary={'b' * 20_000}", b"--b", (400, "malformed_multipart")),
        (FORM, b"nonsense", (400, "malformed_multipart")),
        (FORM, PART + b"cut off", (400, "malformed_multipart")),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n', (422, "invalid_form")),
        (FORM, (PART + b"x\r\n") * 2 + b"--b--\r\n", (400, "too_many_files")),
        (FORM, b"x" * 100_000 + b"\r\n" + PART + b"x\r\n--b--\r\n", (400, "malformed_multipart")),
        (FORM, b"--b\r\nX: y\r\n\r\n\r\n" * 1001 + b"--b--\r\n", (400, "malformed_multipart")),
        (FORM, b"--b\r\nX: " + b"y" * 60_000, (400, "malformed_multipart")),
        (FORM, b"--b\r\n" + b"X: y\r\n" * 5_000, (400, "malformed_multipart")),
    ],
    ids=range(13),
)
def test_a_malformed_form_is_reported(world: World, content_type: str, body: bytes, expected: tuple[int, str]) -> None:
    answer = world.client.post(SELFIE, content=body, headers={**SIGNED, "content-type": content_type})
    assert problem(answer) == expected
    assert not world.services.calls


DISPOSITION = b'Content-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
FILE = b"\xff\xd8\xff \r\n--\r\n--bb \n--b \x00\r"  # contains almost-boundaries


def keep(messages: list[pb.AddPhotosRequest]) -> pb.AddPhotosResponse:
    return pb.AddPhotosResponse(photos=[pb.AddedPhoto(photo_id="p", state=pb.PHOTO_STATE_PENDING)])


def post(world: World, content: Any, content_type: str = FORM) -> httpx2.Response:
    world.answer(AddPhotos=keep)
    return world.client.post(PHOTOS, content=content, headers={**SIGNED, "content-type": content_type})


def kept(world: World) -> list[bytes]:
    """The bytes of the photos that the service received."""
    calls = [call.request for call in world.services.calls if call.method == "AddPhotos"]
    return sorted(b"".join(message.chunk for message in call) for call in calls)


FORMS = {
    "plain": b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "no line end after the last boundary": b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--",
    "preamble": b"This is a message\r\nin parts.\r\n--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "empty line first": b"\r\n--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "epilogue": b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--\r\nThe end\r\n--b\r\n",
    "spaces after the boundary": b"--b \t \r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b-- \t\r\n",
    "line feeds only": b"--b\n" + DISPOSITION.replace(b"\r", b"") + b"\n" + FILE.replace(b"\n--b ", b"") + b"\n--b--\n",
    "further headers": b"--b\r\nContent-Type: image/jpeg\r\n" + DISPOSITION + b"X: y\r\n\r\n" + FILE + b"\r\n--b--\r\n",
    "folded header": b"--b\r\n" + DISPOSITION.replace(b"; f", b";\r\n f") + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "lower case": b"--b\r\n" + DISPOSITION.lower() + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "17 other fields": b"".join(b'--b\r\nContent-Disposition: form-data; name="%d"\r\n\r\nx\r\n' % n for n in range(17))
    + b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b--\r\n",
    "an empty field": b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n--b\r\n' + DISPOSITION + b"\r\n"
    + FILE + b"\r\n--b--\r\n",
    "no last boundary after a boundary": b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b\r\n",
    "a last boundary without its end": b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_every_valid_form_is_parsed(world: World, form: str, size: int) -> None:
    body = FORMS[form]
    answer = post(world, (body[start : start + size] for start in range(0, len(body), size)))
    assert answer.status_code == 202, answer.text
    assert kept(world) == [FILE.replace(b"\n--b ", b"") if form == "line feeds only" else FILE]


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="b"',
        "Multipart/Form-Data; charset=utf-8;boundary=b",
        "multipart/form-data ; Boundary=b",
    ],
)
def test_every_notation_of_the_boundary_is_parsed(world: World, content_type: str) -> None:
    assert post(world, FORMS["plain"], content_type).status_code == 202


def test_a_boundary_can_contain_every_allowed_character(world: World) -> None:
    boundary = "'()+_,-./:=? b"
    body = FORMS["plain"].replace(b"--b\r\nC", b"--%s\r\nC" % boundary.encode())
    body = body.replace(b"--b--", b"--%s--" % boundary.encode())
    assert post(world, body, f'multipart/form-data; boundary="{boundary}"').status_code == 202
    assert kept(world) == [FILE]


@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        (b"filename*=UTF-8''f%C3%B6to%20%F0%9F%98%80.jpg", "f\u00f6to \U0001f600.jpg"),
        (b"filename=\"x.jpg\"; filename*=utf-8'en'f%c3%b6to.jpg", "f\u00f6to.jpg"),
        (b"filename*=ISO-8859-1''f%F6to.jpg", "f\u00f6to.jpg"),
        (b'filename="a %22b%22.jpg"', 'a "b".jpg'),
        (b'filename="a \\"b\\".jpg"', 'a "b".jpg'),
        (b'filename="100%.jpg"', "100%.jpg"),
        (b'filename="C:\\photos\\new.jpg"', "new.jpg"),
        (b"filename=plain.jpg", "plain.jpg"),
        (b'filename="a;b=c.jpg"', "a;b=c.jpg"),
        ('filename="f\u00f6to.jpg"'.encode(), "f\u00f6to.jpg"),
        ('filename="f\u00f6to.jpg"'.encode("latin-1"), "f\u00f6to.jpg"),
        (b'filename=""', ""),
    ],
)
def test_every_notation_of_a_file_name_is_parsed(world: World, parameter: bytes, shown: str) -> None:
    body = FORMS["plain"].replace(b'filename="a.jpg"', parameter)
    assert post(world, body).json()["photos"][0]["filename"] == shown


def test_the_complete_files_of_a_truncated_form_are_kept(world: World) -> None:
    body = (
        b"--b\r\n" + DISPOSITION + b"\r\n" + FILE + b"\r\n--b\r\n" + DISPOSITION.replace(b"a.jpg", b"b.jpg") + b"\r\n"
    )
    answer = post(world, body + b"\xff\xd8\xff and not all of it")
    assert [photo.get("reason") for photo in answer.json()["photos"]] == [None, "incomplete", "malformed_multipart"]
    assert answer.status_code == 202
    assert kept(world) == [FILE]


def test_a_malformed_part_keeps_the_files_before_it(world: World) -> None:
    answer = post(world, FORMS["plain"][:-4] + b"\r\nno header\r\n\r\nx\r\n--b--\r\n")
    assert [photo.get("reason") for photo in answer.json()["photos"]] == [None, "malformed_multipart"]


MAX_TURN_S = 0.02
DASHED = b"-" * 59 + b"b"  # hostile bodies repeat this boundary except for its last character
HOSTILE = {
    "dashes": b"-" * 9_000_000,
    "lines of dashes": (b"\r\n--" + DASHED[:-1]) * 140_000,
    "short lines of dashes": b"\r\n-" * 3_000_000,
    "boundaries that go on": (b"\r\n--" + DASHED + b"x") * 130_000,
    "open boundaries": (b"\r\n--" + DASHED + b" " * 100 + b"x") * 50_000,
    "line feeds": b"\r\n" * 4_500_000,
}


def parsing_takes_s(body: bytes, boundary: bytes, slice_bytes: int = SLICE_BYTES) -> float:
    """The longest time that the parser holds the event loop, in processor seconds."""
    parser, longest_s = MultipartParser(boundary), 0.0
    for start in range(0, len(body), slice_bytes):
        started = time.thread_time()
        for _ in parser.feed(body[start : start + slice_bytes]):
            pass
        longest_s = max(longest_s, time.thread_time() - started)
    return longest_s


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_parsed_in_short_turns(world: World, name: str) -> None:
    body = b"--%s\r\n%s\r\n%s\r\n--%s--\r\n" % (DASHED, DISPOSITION, HOSTILE[name], DASHED)
    assert parsing_takes_s(body, DASHED) < MAX_TURN_S
    assert post(world, body, f"multipart/form-data; boundary={DASHED.decode()}").status_code == 202
    assert kept(world) == [HOSTILE[name]]


def test_control_a_hostile_body_in_one_turn_takes_longer() -> None:
    body = b"--%s\r\n%s\r\n%s" % (DASHED, DISPOSITION, HOSTILE["boundaries that go on"])
    assert parsing_takes_s(body, DASHED, len(body)) > MAX_TURN_S
