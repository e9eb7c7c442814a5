"""Names of downloaded pictures: readable in every script, and safe in a header for any event name."""

from urllib.parse import unquote

import pytest

from gateway.http.ranges import NOWHERE, ByteRange, parse_range
from gateway.photos.file_names import UploadNames, content_disposition, make_file_name

ID = "3f2b8c1e-0000-4000-8000-00000000000b"

NAMES = {
    "Summer party": ("Summer-party-0012.jpg", "Summer-party-0012.jpg"),
    "  Ana & Bo's  wedding! ": ("Ana-Bo-s-wedding-0012.jpg", "Ana-Bo-s-wedding-0012.jpg"),
    "Fête à Zürich": ("Fête-à-Zürich-0012.jpg", "Fete-a-Zurich-0012.jpg"),
    "Fe\u0302te": ("Fête-0012.jpg", "Fete-0012.jpg"),
    "李雷的婚礼": ("李雷的婚礼-0012.jpg", "photo-0012.jpg"),
    "दीवाली 2026": ("दीवाली-2026-0012.jpg", "2026-0012.jpg"),
    "حفلة": ("حفلة-0012.jpg", "photo-0012.jpg"),
    "": ("photo-0012.jpg", "photo-0012.jpg"),
    "🎉🎉": ("photo-0012.jpg", "photo-0012.jpg"),
    "../../etc/passwd": ("etc-passwd-0012.jpg", "etc-passwd-0012.jpg"),
    "Größe Łódź": ("Größe-Łódź-0012.jpg", "Grosse-Lodz-0012.jpg"),
    'a"; filename="b.exe': ("a-filename-b-exe-0012.jpg", "a-filename-b-exe-0012.jpg"),
    "a\r\nSet-Cookie: x\0": ("a-Set-Cookie-x-0012.jpg", "a-Set-Cookie-x-0012.jpg"),
    "gpj\u202e.exe\u2066\u200f": ("gpj-exe-0012.jpg", "gpj-exe-0012.jpg"),
    "\ud800lone": ("lone-0012.jpg", "lone-0012.jpg"),
    "x" * 4000: ("x" * 60 + "-0012.jpg", "x" * 60 + "-0012.jpg"),
}


@pytest.mark.parametrize("event_name", NAMES)
def test_a_file_name_contains_the_event_and_a_number(event_name: str) -> None:
    name, ascii_name = NAMES[event_name]
    assert make_file_name(event_name, 12, ID, "image/jpeg") == name
    header = content_disposition(name, as_attachment=True)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith(f'attachment; filename="{ascii_name}"')
    if name != ascii_name:
        assert unquote(header.partition("filename*=UTF-8''")[2]) == name


def test_a_number_may_exceed_four_digits_and_an_unknown_one_is_the_id() -> None:
    assert make_file_name("A", 123456, ID, "image/jpeg") == "A-123456.jpg"
    assert make_file_name("A", 0, ID, "image/jpeg") == "A-3f2b8c1e.jpg"
    assert make_file_name("A", 1, ID, "image/heic") == "A-0001.heic"
    assert content_disposition("a.jpg", as_attachment=False) == 'inline; filename="a.jpg"'


RANGES = {
    "bytes=0-": ByteRange(0),
    "bytes=5-9": ByteRange(5, 5),
    "Bytes= 5-5 ": ByteRange(5, 1),
    "bytes=-7": ByteRange(-7),
    "bytes=-0": ByteRange(NOWHERE),
    "bytes=9-5": None,
    "bytes=-": None,
    "bytes=": None,
    "bytes=0-1,3-4": None,
    "bytes=" + "0-," * 1000 + "0-": None,
    "items=0-1": None,
    "bytes=0x1-2": None,
    "bytes=\u0661-2": None,
    "bytes=" + "9" * 400 + "-": None,
    "": None,
}


@pytest.mark.parametrize("header", RANGES)
def test_a_single_range_is_served_and_anything_else_returns_the_whole(header: str) -> None:
    assert parse_range(header) == RANGES[header]


@pytest.mark.parametrize(
    ("part", "expected"),
    [(ByteRange(0), (0, 10)), (ByteRange(4, 3), (4, 7)), (ByteRange(8, 9), (8, 10)), (ByteRange(-3), (7, 10)),
     (ByteRange(-99), (0, 10)), (ByteRange(10), (10, 10)), (ByteRange(NOWHERE), (10, 10))],
)  # fmt: skip
def test_a_range_is_clamped_to_the_picture(part: ByteRange, expected: tuple[int, int]) -> None:
    assert part.cut(10) == expected


UPLOADS = [
    ("IMG_1.JPG", "IMG_1.JPG"),
    ("Ann & Bob's.jpeg", "Ann & Bob's.jpeg"),
    ("IMG_1.heic", "IMG_1.jpg"),
    ("IMG_1.PNG", "IMG_1.jpg"),
    ("Party 2.0", "Party 2.0.jpg"),
    ("夏祭り.jpg", "夏祭り.jpg"),
    ("e\u0301te\u0301.jpg", "été.jpg"),
    ("../../etc/passwd", "passwd.jpg"),
    ("C:\\Users\\ann\\a.jpg", "a.jpg"),
    ("/", "photo.jpg"),
    ("", "photo.jpg"),
    ("..", "photo.jpg"),
    (".jpg", "photo.jpg"),
    (" . .jpg", "photo.jpg"),
    (".hidden.jpg", "hidden.jpg"),
    ("a.jpg. ", "a.jpg"),
    ('a<b>:"c|?*.jpg', "a-b-c-.jpg"),
    ("a\u202egpj.exe.jpg", "agpj.exe.jpg"),
    ("a\nb\x00.jpg", "ab.jpg"),
    ("NUL.jpg", "_NUL.jpg"),
    ("com1.tar.jpg", "_com1.tar.jpg"),
    ("x" * 300 + ".jpg", "x" * 200 + ".jpg"),
    ("\N{PARTY POPPER}" * 100 + ".jpg", "\N{PARTY POPPER}" * 50 + ".jpg"),
]


@pytest.mark.parametrize(("upload_name", "name"), UPLOADS)
def test_an_uploaded_name_is_kept_as_far_as_all_systems_support_it(upload_name: str, name: str) -> None:
    assert UploadNames().add(upload_name) == name
    assert UploadNames("guests/").add(upload_name) == f"guests/{name}"


def test_no_two_file_names_of_a_folder_collide_on_any_system() -> None:
    names = UploadNames()
    uploads = ["a.jpg", "A.JPG", "a (2).jpg", "a.heic", "e\u0301.jpg", "É.jpg", "a.jpg"]
    assert [names.add(name) for name in uploads] == [
        "a.jpg", "A (2).JPG", "a (2) (2).jpg", "a (3).jpg", "é.jpg", "É (2).jpg", "a (4).jpg",
    ]  # fmt: skip
    many = [names.add("image.jpg") for _ in range(10_000)]
    assert len(set(many)) == 10_000, "not in quadratic time"
