"""An event with an account of each kind and one of each thing that an event can have."""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import jwt
from sqlalchemy import text

from auth_service.tokens import hash_token
from matcher_service.domain import Visibility
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1 import selfie_pb2, selfie_pb2_grpc
from tests.auth.scene import Person, register_form
from tests.authorization.system import System
from tests.harness.calls import bearer
from tests.matcher.cameras import add_camera
from tests.matcher.scripted_photos import JPEG, JPEG_END
from tests.selfie.world import image_of

TOKEN_S = 3600
ROLES = {
    "organiser": pb.ROLE_ORGANISER,
    "co_organiser": pb.ROLE_ORGANISER,
    "couple": pb.ROLE_COUPLE,
    "photographer": pb.ROLE_PHOTOGRAPHER,
}
FACES = ("guest", "organiser", "co_organiser", "couple", "photographer", "waiting", "removed")
EMAIL_LINK = """
INSERT INTO auth.account_links (token_hash, kind, user_id, email, expires_at)
VALUES (:hash, 'email', :user, :email, now() + interval '1 day')
"""
LOGO = JPEG + b"logo" + JPEG_END


@dataclass(frozen=True)
class Account(Person):
    """`person_id`: another person that the account searches for; `selfie_id`: the account's selfie; empty: none."""

    person_id: str = ""
    selfie_id: str = ""


@dataclass
class Party:
    """`accounts` by kind: members of the event, and waiting, removed and erased guests."""

    system: System
    owner: Account
    event: pb.Event
    accounts: dict[str, Account] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)

    @property
    def event_uuid(self) -> UUID:
        return UUID(self.event.event_id)

    @property
    def code(self) -> str:
        return self.event.event_code

    # Accounts.

    def renew(self, kind: str) -> None:
        """Replaces the account of a kind by a new one."""
        if kind == "organiser":
            self.owner = self.accounts["co_organiser"]
        make = {"waiting": self._visitor, "removed": self._removed, "erased": self._erased, "guest": self._guest}
        account = make[kind]() if kind in make else self._member(kind)
        self.system.catch_up()
        self.accounts[kind] = account
        if kind != "erased":
            self.look(kind)
        if kind == "organiser":
            self.owner = self.accounts[kind]
            self.make("invitation")  # those of the former organiser were revoked
            self.make("invitation_id")
        if kind == "photographer" and "own_photo_id" in self.things:
            self.make("own_photo_id")

    def _visitor(self) -> Account:
        """Creates a waiting guest without a password."""
        return Account(**vars(self.system.auth.visitor(self.event)))

    def _guest(self) -> Account:
        account = self.admit(self._visitor())
        self.system.catch_up()
        self.show(account)
        return account

    def admit(self, account: Account) -> Account:
        self.system.auth.admit(self.event, account, self.owner)
        return account

    def _removed(self) -> Account:
        account = self.admit(self._visitor())
        self.system.auth.remove(self.event, account, self.owner)
        self.event = self.system.auth.get_event(self.event, self.owner)  # it has a new code
        return account

    def _erased(self) -> Account:
        account = self.admit(self._visitor())
        self.system.auth.stub.DeleteUser(pb.DeleteUserRequest(), metadata=account.metadata)
        return account

    def _member(self, kind: str) -> Account:
        """Creates a member with a password, by invitation."""
        auth = self.system.auth
        account = make_organiser(self.system) if kind == "organiser" else self._registered()
        auth.accept(auth.invite(self.event, self.owner, ROLES[kind]), account)
        return Account(**vars(account))

    def _registered(self) -> Person:
        """Creates a waiting guest with a password."""
        name = f"member{uuid4().hex[:12]}"
        form = register_form(self.event, name)
        answer = self.system.auth.stub.Register(form)
        return Person(answer.user_id, name, bearer(answer.tokens.access_token), answer.tokens)

    def look(self, kind: str, wanted: Container[str] = ("selfie", "person")) -> None:
        """Gives an account a selfie, and another person to search for."""
        account, stub = self.accounts[kind], selfie_pb2_grpc.SelfieServiceStub(self.system.channels["selfie"])
        if "selfie" in wanted:
            image = selfie_pb2.UploadSelfieRequest(image=image_of(account.user_id))
            selfie_id = stub.UploadSelfie(image, metadata=account.metadata).selfie_id
            self.accounts[kind] = account = replace(account, selfie_id=selfie_id)
            self.system.selfie.validate(FACES.index(kind) + 10)
        if "person" in wanted:
            person = selfie_pb2.CreatePersonRequest(name="Mia", consent_version="1")
            added = stub.CreatePerson(person, metadata=account.metadata).person
            self.accounts[kind] = replace(account, person_id=added.person_id)

    def show(self, account: Account) -> None:
        """Matches the account with the photo of the party."""
        if "photo_id" in self.things:
            user_id = UUID(account.user_id)
            assert self.system.matcher.rematch(self.event_uuid, user_id, 1, 1) == "DONE"

    # Things.

    def photo(self, *faces: int, by: str = "organiser", visibility: Visibility | None = None) -> str:
        matcher, who = self.system.matcher, UUID(self.accounts[by].user_id)
        photo_id = matcher.add(self.event_uuid, *faces, who=who)
        if visibility:
            organiser = UUID(self.owner.user_id)
            matcher.audience.set_visibility(organiser, self.event_uuid, [photo_id], visibility)
        return str(photo_id)

    def make(self, thing: str) -> str:
        """Replaces a thing that a request has used up by a new one. After the removal of a member, it also re-reads the
        event, whose code has changed."""
        if thing == "user_id":
            self.event = self.system.auth.get_event(self.event, self.owner)
        made: dict[str, Any] = {
            "photo_id": lambda: self.photo(1),
            "own_photo_id": lambda: self.photo(3, by="photographer"),
            "failed_photo_id": self._failed_photo,
            "everyones_photo_id": lambda: self.photo(4, visibility=Visibility.EVERYONE),
            "hidden_photo_id": lambda: self.photo(1, visibility=Visibility.HIDDEN),
            "others_photo_id": lambda: self.photo(5),
            "user_id": lambda: self.admit(self._visitor()).user_id,
            "waiting_user_id": lambda: self._visitor().user_id,
            "camera_id": lambda: str(add_camera(self.system.matcher, self.event_uuid)),
            "invitation_id": lambda: self._invitation().invitation.invitation_id,
            "invitation": lambda: self._invitation().token,
            "logo": self._logo,
            "refresh_token": lambda: str(self._visitor().tokens.refresh_token),  # type: ignore[union-attr]
            "sign_in": self._sign_in,
            "session_id": self._session,
            "reset": lambda: self.system.auth.auth.credentials.make_reset(self._registered().username),
            "email_link": self._email_link,
            "username": lambda: self._registered().username,
        }
        self.things[thing] = made[thing]()
        self.system.catch_up()
        return self.things[thing]

    def _failed_photo(self) -> str:
        matcher = self.system.matcher
        data = JPEG + f"{uuid4()}|unreadable".encode()
        added = matcher.add_file(self.event_uuid, data, who=UUID(self.owner.user_id))
        matcher.index_all()
        return str(added.photo_id)

    def _invitation(self) -> pb.CreateInvitationResponse:
        request = pb.CreateInvitationRequest(event_id=self.event.event_id, role="ROLE_COUPLE")
        answer: pb.CreateInvitationResponse = self.system.auth.stub.CreateInvitation(
            request, metadata=self.owner.metadata
        )
        return answer

    def _sign_in(self) -> str:
        """The token of a sign-in link for a guest."""
        metadata = self.admit(self._visitor()).metadata
        answer = self.system.auth.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=metadata)
        return str(answer.token)

    def _session(self) -> str:
        """The session of a new guest."""
        tokens = self._visitor().tokens
        assert tokens
        return str(jwt.decode(tokens.access_token, options={"verify_signature": False})["sid"])

    def _email_link(self) -> str:
        """The token of an e-mail confirmation link, inserted as if it had been sent."""
        token, insert = uuid4().hex, text(EMAIL_LINK)
        values = {"hash": hash_token(token), "user": self._registered().user_id, "email": f"{token}@example.org"}
        with self.system.databases["auth"].begin() as connection:
            connection.execute(insert, values)
        return token

    def _logo(self) -> str:
        self.system.matcher.logos.set_logo(UUID(self.owner.user_id), self.event_uuid, LOGO)
        return ""


def make_organiser(system: System) -> Account:
    """Creates an account that may create events."""
    person = system.auth.organiser(f"organiser{uuid4().hex[:12]}")
    token = system.sign("auth").sign(person.user_id, TOKEN_S)
    return Account(person.user_id, person.username, bearer(token))


def give(system: System) -> Party:
    """Creates a party with every kind of account and every thing."""
    person = make_organiser(system)
    event = system.auth.event(person, f"The party {uuid4().hex}", admission=True)
    party = Party(system, person, event)
    system.catch_up()
    party.accounts["organiser"] = person
    party.look("organiser")
    for kind in ("co_organiser", "couple", "photographer"):
        party.renew(kind)
    for thing in THINGS:
        party.make(thing)
    for kind in ("guest", "removed", "waiting", "erased"):
        party.renew(kind)
    return party


THINGS = (
    "photo_id",
    "own_photo_id",
    "failed_photo_id",
    "everyones_photo_id",
    "hidden_photo_id",
    "others_photo_id",
    "user_id",
    "waiting_user_id",
    "camera_id",
    "invitation_id",
    "invitation",
    "logo",
    "refresh_token",
    "sign_in",
    "session_id",
    "reset",
    "email_link",
    "username",
)
