"""International user names, passwords, addresses and codes; the migration of data of version 0001."""

from concurrent.futures import ThreadPoolExecutor
from unicodedata import normalize
from uuid import UUID, uuid4

import grpc
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from auth_service.domain import fold, fold_case
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, register_form
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade

NAMES = [
    "Bo",
    "李雷",
    "李",
    "진",
    "マリア・アナ",
    "สมหญิง",
    "प्रिया",
    "பிரியா",
    "مُحَمَّد",
    "Ngọc Ánh",
    "O'Neil",
    "D\u2019Arcy",
    "Anna Maria",
    "Marcel·la",
    "می\u200cنا",  # noqa: RUF001
    "\u200fنور 2\u200f",
    "\u05d3\u05e0\u05d4\u200e AB",
    normalize("NFD", "Zoë"),
]
LOOKALIKES = [
    normalize("NFD", "Jürgen"),
    "JÜRGEN",
    "\uff2a\u00fc\uff52\uff47\uff45\uff4e",
    " Jürgen\n",
    "Jür\u200bgen",
    "\u200eJürgen\u200f",
]
SPELLED = [
    ("O'Neil", "O\u2019Neil"),
    ("O\u2018Neil", "o'neil"),
    ("Anna-Maria", "Anna\u2011Maria"),
    ("Steffi", "Ste\ufb03"),
]


@pytest.mark.parametrize("name", NAMES)
def test_user_names_of_any_script_register_and_log_in(scene: AuthScene, name: str) -> None:
    event = scene.event(scene.organiser())
    user = scene.stub.Register(register_form(event, name, email="guest@example.org"))
    for typed in (name, normalize("NFC", name), normalize("NFD", name)):
        assert scene.stub.Login(pb.LoginRequest(username=typed, password=PASSWORD)).user_id == user.user_id
    assert scene.sql("SELECT username FROM auth.users WHERE NOT organiser") == [(normalize("NFC", name),)]


@pytest.mark.parametrize(
    "name",
    [
        "B",
        "\u0915",
        "\u3164\u3164",
        "a\u034fb",
        ".",
        "-Bo",
        "a/b",
        "a\u202eb",
        "ab@c",
        "\u0301a",
        "x" * 65,
        "a\tb\0",
        "\u200f\u200e",
        "a\u200f",
        "a\u2067b",
    ],
)
def test_misleading_user_names_are_rejected(scene: AuthScene, name: str) -> None:
    form = register_form(scene.event(scene.organiser()), name, email="guest@example.org")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(form)
    assert refusal.violations == {"username": "invalid_username"}


@pytest.mark.parametrize("lookalike", LOOKALIKES)
def test_lookalike_user_names_are_the_same_name(scene: AuthScene, lookalike: str) -> None:
    event = scene.event(scene.organiser())
    scene.stub.Register(register_form(event, "Jürgen", email="guest@example.org"))
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(register_form(event, lookalike, email="other@example.org"))
    assert refusal.violations == {"username": "username_taken"}
    question = pb.CheckUserAvailabilityRequest(username=lookalike, event_code=event.event_code)
    assert scene.stub.CheckUserAvailability(question).username_taken


@pytest.mark.parametrize(("name", "typed"), SPELLED)
def test_user_names_match_typographic_variants(scene: AuthScene, name: str, typed: str) -> None:
    form = register_form(scene.event(scene.organiser()), name, email="guest@example.org")
    user_id = scene.stub.Register(form).user_id
    assert scene.stub.Login(pb.LoginRequest(username=typed, password=PASSWORD)).user_id == user_id


@pytest.mark.parametrize(("typed", "again"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_password_matches_in_every_unicode_normalisation(scene: AuthScene, typed: str, again: str) -> None:
    event = scene.event(scene.organiser())
    password = "übermäßig süß"
    scene.stub.Register(register_form(event, password=normalize(typed, password)))
    assert scene.stub.Login(pb.LoginRequest(username="gina", password=normalize(again, password))).user_id
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        scene.stub.Login(pb.LoginRequest(username="gina", password="ubermaßig suß"))


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("a..b@docomo.ne.jp", True),
        ("ab.@ezweb.ne.jp", True),
        ("jürgen@example.org", True),
        ("jürgen@müller.example", True),
        ("a..b", False),
        ("@docomo.ne.jp", False),
        ("..@docomo.ne.jp", False),
        ("a b@example.org", False),
        ("a@b@example.org", False),
        ("a@", False),
        ("a@-.example", False),
    ],
)
def test_real_world_email_addresses_are_accepted(scene: AuthScene, address: str, fits: bool) -> None:
    form = register_form(scene.event(scene.organiser()), email=address)
    if fits:
        user = scene.stub.Register(form)
        assert scene.stub.Login(pb.LoginRequest(username=address.upper(), password=PASSWORD)).user_id == user.user_id
        return
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(form)
    assert refusal.violations == {"email": "invalid_email"}


@pytest.mark.parametrize(
    "between",
    ["\u2013", "\u2014", "\u2011", "\u2212", "\u00a0", "\u200b", " \u2013 ", "\u00ad", "\n", "\u30fc", "\ufe0f"],
)
def test_an_event_code_is_valid_in_every_typographic_form(scene: AuthScene, between: str) -> None:
    code = scene.event(scene.organiser()).event_code.replace("-", "")
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in code.lower())
    for typed in (code[:4] + between + code[4:], f"{full_width}{between}", f"{between}{code}\r\n"):
        assert scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=typed)).valid, repr(typed)
    assert not scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=code[:4] + "/" + code[4:])).valid


class Before:
    """A database as version 0001 left it."""

    def __init__(self, db: Engine) -> None:
        self._db = db
        downgrade(db, "auth", "0001")

    def upgrade(self) -> None:
        upgrade(self._db, "auth")

    def add_user(self, username: str, password: str) -> UUID:
        user = {"id": uuid4(), "name": username, "key": fold_case(username), "mail": f"{uuid4()}@example.org"}
        with self._db.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash)"
                    " VALUES (:id, :name, :key, :mail, :mail, :hash)"
                ),
                {**user, "hash": PasswordHasher(time_cost=1, memory_cost=1024).hash(password)},
            )
        return UUID(str(user["id"]))


@pytest.fixture
def before(scene: AuthScene) -> Before:
    return Before(scene.db)


def test_accounts_of_the_previous_version_can_log_in(scene: AuthScene, before: Before) -> None:
    nfd = normalize("NFD", "Jürgen")
    password = normalize("NFD", "früher war alles besser")
    users = {name: before.add_user(name, password) for name in ("Olga", nfd, "Zo\u00eb", normalize("NFD", "ZOË"))}
    before.upgrade()
    for name, user_id in users.items():
        answer = scene.stub.Login(pb.LoginRequest(username=name, password=password))
        assert answer.user_id == str(user_id), name
        composed = pb.LoginRequest(username=name, password=normalize("NFC", password))
        assert scene.stub.Login(composed).user_id == str(user_id), "a hash of the NFD form matches the NFC form"
    assert scene.stub.Login(pb.LoginRequest(username="JÜRGEN", password=password)).user_id == str(users[nfd])
    keys = dict(scene.sql("SELECT username, username_key FROM auth.users"))
    assert keys["Zo\u00eb"] == fold("zoë")
    assert keys[normalize("NFD", "ZOË")] == normalize("NFD", "zoë"), "the newer account keeps its old key"


def test_guests_of_the_previous_version_are_counted(scene: AuthScene, before: Before) -> None:
    organiser, guest = before.add_user("olga", PASSWORD), before.add_user("gina", PASSWORD)
    event = uuid4()
    scene.sql("INSERT INTO auth.events (id, name, code) VALUES (:id, 'Party', 'ABCDEFGH')", id=event)
    for user, role in ((organiser, "organiser"), (guest, "guest")):
        scene.sql("INSERT INTO auth.memberships VALUES (:event, :user, :role)", event=event, user=user, role=role)
    before.upgrade()
    metadata = scene.as_user(str(organiser))
    assert scene.stub.GetEvent(pb.GetEventRequest(event_id=str(event)), metadata=metadata).event.guest_count == 2


def test_the_guest_count_follows_joins_leaves_and_erasures(scene: AuthScene) -> None:
    olga = scene.organiser()
    event, other = scene.event(olga), scene.event(olga, "Another")
    gina, ben = scene.guest(event, "gina"), scene.guest(event, "ben")
    scene.stub.JoinEvent(pb.JoinEventRequest(event_code=other.event_code), metadata=gina.metadata)

    def counts() -> list[int]:
        events = scene.stub.ListEvents(pb.ListEventsRequest(), metadata=olga.metadata).events
        assert scene.sql(
            "SELECT count(*) FROM auth.events e WHERE member_count <>"
            " (SELECT count(*) FROM auth.memberships m WHERE m.event_id = e.id)"
        ) == [(0,)]
        return [event.guest_count for event in reversed(events)]

    assert counts() == [3, 2]
    for _ in range(2):  # leaving again changes nothing
        scene.stub.LeaveEvent(
            pb.LeaveEventRequest(event_id=event.event_id, user_id=ben.user_id), metadata=olga.metadata
        )
        assert counts() == [2, 2]
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    assert counts() == [1, 1]


GUESTS = "SELECT * FROM auth.memberships WHERE event_id = :id ORDER BY joined_at, user_id LIMIT 50"
EXPIRED = "DELETE FROM auth.refresh_tokens WHERE expires_at <= now()"


@pytest.mark.parametrize(("query", "index"), [(GUESTS, "memberships_by_time"), (EXPIRED, "refresh_tokens_by_expiry")])
@pytest.mark.usefixtures("new_databases")
def test_listing_and_expiry_use_their_indexes(scene: AuthScene, query: str, index: str) -> None:
    with scene.db.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_sort = off"))
        values = {"id": UUID(int=0)} if ":id" in query else {}
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}"), values).scalars())
    assert index in plan


def test_processes_of_the_previous_version_can_still_read_events(scene: AuthScene) -> None:
    """They select all columns and their own `guest_count`, so no column may have that name; `tidy` repairs counts."""
    event = scene.event(scene.organiser())
    counted = "(SELECT count(*) FROM auth.memberships m WHERE m.event_id = e.id)"
    (row,) = scene.sql(f"SELECT e.*, {counted} AS guest_count FROM auth.events e")
    assert row.guest_count == 1
    stranger = scene.stranger()
    scene.sql(
        "INSERT INTO auth.memberships VALUES (:event, :user, 'guest')", event=event.event_id, user=stranger.user_id
    )
    scene.auth.tidy()
    assert scene.sql("SELECT member_count FROM auth.events") == [(2,)]


def test_concurrent_erasures_of_two_organisers_do_not_deadlock(scene: AuthScene) -> None:
    """All events of an account are locked in one order; otherwise two erasures could deadlock."""
    people = [scene.organiser(name) for name in ("olga", "otto")]
    events = [scene.event(person) for person in people]
    for person, event in zip(people, reversed(events), strict=True):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=person.metadata)
    first = sorted(event.event_id for event in events)[0]
    with scene.db.connect() as holder, ThreadPoolExecutor(2) as pool:
        transaction = holder.begin()
        holder.execute(text("SELECT FROM auth.events WHERE id = :id FOR UPDATE"), {"id": first})
        erasing = [
            pool.submit(scene.stub.DeleteUser, pb.DeleteUserRequest(), metadata=person.metadata) for person in people
        ]
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while scene.sql(waiting) != [(2,)]:
            assert not any(work.done() for work in erasing)
        transaction.rollback()
        for work in erasing:
            work.result(timeout=20)
    assert scene.sql("SELECT count(*) FROM auth.events") == [(0,)]
