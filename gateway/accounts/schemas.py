"""Codes, accounts, sign-ins."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.events.offers import EventOffer
from gateway.http.schemas import Form
from gateway.selfies.schemas import RematchStatus

Role = Literal["guest", "photographer", "couple", "organiser"]
SEARCH = (
    "false: no face of the guest is searched in this event before they agree to it; of no effect with a consent. true:"
    " searched without one, where REQUIRE_CONSENT of this server lets them be"
)


class EventCode(Form):
    event_code: str = Field(description="case, spaces and dashes do not matter", examples=["7K3F-9QXA"])


class CodeCheck(BaseModel):
    valid: bool = Field(description="whether the code opens an event that accepts guests now")
    event_name: str | None = Field(default=None, description="set when valid")
    closed: bool | None = Field(
        default=None, description="true where the code is that of an event that is closed or has expired"
    )


class AvailabilityQuestion(EventCode):
    username: str
    email: str


class Availability(BaseModel):
    username_taken: bool
    email_taken: bool = Field(description="whether a member of the event has it; other accounts are not revealed")


class UserData(Form):
    username: str = Field(
        description="2 to 64 letters and digits of any script, spaces, dots, dashes, underscores, apostrophes"
    )
    email: str
    password: str = Field(description="8 to 256 characters, and not a common password")


class Registration(EventCode):
    user_data: UserData


class Credentials(Form):
    username: str = Field(description="user name or e-mail address")
    password: str


Language = Annotated[
    str, Field(max_length=35, description="language of the text that was shown, such as `en` or `pt-BR`; may be empty")
]


class NewGuest(EventCode):
    display_name: str = Field("", description="name of the guest for others; optional, at most 64 characters")
    consent_version: str = Field(
        "", description="version of the text about faces that the guest agreed to; empty: not agreed"
    )
    consent_language: Language = ""
    search: bool = Field(True, description=SEARCH)


class Joining(EventCode):
    consent_version: str = Field(
        "", description="version of the text about faces that the guest agrees to for this event; may be empty"
    )
    consent_language: Language = ""
    search: bool = Field(True, description=SEARCH)


class Consent(Form):
    event_id: UUID
    consent_version: str = Field(description="version of the text about faces, 1 to 32 ASCII characters")
    consent_language: Language = ""


class SignInLink(BaseModel):
    token: str = Field(description="valid once, for `/api/sign-in`")
    path: str = Field(description="the page that signs in, with the token in its fragment")
    qr_svg: str = Field(description="a QR code of the page's full address: an image as a `data:` URL")
    expires_in: int = Field(description="seconds")


class SignIn(Form):
    token: str = Field(max_length=256)


class RefreshToken(Form):
    refresh_token: str = Field(max_length=4096)


class TokenPair(BaseModel):
    access_token: str = Field(description="to be sent as `Authorization: Bearer <token>`")
    refresh_token: str = Field(description="valid for one `/api/refresh`")
    token_type: str = "bearer"
    expires_in: int = Field(description="seconds until the access token expires")


class Login(TokenPair):
    user_id: str
    event_id: str | None = Field(description="the event that a sign-in link was made for, else the one joined last")


class GuestSession(TokenPair):
    user_id: str
    event_id: str
    event_name: str
    waiting: bool = Field(description="whether an organiser is still to admit the guest")


class JoinedEvent(BaseModel):
    event_id: str
    event_name: str
    waiting: bool = Field(description="whether an organiser is still to admit the guest")


class Membership(EventOffer):
    event_id: str
    name: str
    role: Role = Field(description="what the caller may do in addition to a guest")
    closed: bool = Field(description="closed or expired: accepts neither joins nor uploads")
    joined_at: int = Field(description="epoch seconds")
    event_code: str = Field(description="opens `/e/CODE`, the page of the event")
    expires_at: int | None = Field(default=None, description="epoch seconds; null: the event does not expire")
    organisers: list[str] = Field(description="user names, the first organiser first")
    consent_version: str = Field(description="of the text about faces that the caller agreed to; empty: none")
    waiting: bool = Field(
        description="whether an organiser is still to admit the caller, who may send a selfie and sees no photos yet"
    )
    guest_photos: Literal["off", "moderated", "open"] = Field(
        description="whether guests may add photos; `moderated`: an organiser approves each one"
    )
    notice_email: str = Field(description="address for an e-mail about the first photos; empty: none")
    searched: bool = Field(
        description="whether the caller's selfie is searched in the event; false until `POST /api/me/consents`"
    )


class Me(BaseModel):
    user_id: str
    username: str = Field(description="empty for a guest without credentials")
    email: str = Field(description="empty for a guest without credentials")
    display_name: str = Field(description="name chosen by a guest; may be empty")
    organiser: bool = Field(description="whether the account may create events")
    events: list[Membership]
    selfie: RematchStatus


class Offer(BaseModel):
    """The limits and capabilities of this server."""

    max_selfie_bytes: int
    max_photo_bytes: int
    photos_per_request: int
    mail: bool = Field(description="whether this server sends e-mail: `/api/me/notices`, `/api/sign-in-links`")


class Session(BaseModel):
    me: Me | None = Field(description="null: not signed in")
    renewable: bool = Field(description="whether `POST /api/refresh` is worth a try: this browser was signed in")
    server: Offer
    first_organiser: bool = Field(description="whether `POST /api/first-organiser` is possible")


class PasswordChange(Form):
    old_password: str
    new_password: str = Field(description="8 to 256 characters")


class EmailChange(Form):
    password: str
    email: str
    language: Literal["en", "fr"] = Field("en", description="of the e-mail")


class ChangedEmail(BaseModel):
    unconfirmed: bool = Field(description="whether the new address takes effect only when the link sent to it is used")


class ResetRequest(Form):
    email: str = Field(description="as registered")
    language: Literal["en", "fr"] = Field("en", description="of the e-mail")


class NewPassword(Form):
    token: str = Field(max_length=256, description="of a link: what follows the `#`")
    password: str = Field(description="8 to 256 characters")


class PasswordOwner(BaseModel):
    username: str = Field(description="the account's user name, for signing in")


class SessionOfUser(BaseModel):
    id: UUID
    created_at: int = Field(description="epoch seconds")
    last_used_at: int = Field(description="epoch seconds, to a quarter of an hour")
    device: str = Field(description="a coarse description of the browser, such as `Safari, iPhone`; may be empty")
    current: bool = Field(description="whether it is the session of this request")


class Sessions(BaseModel):
    sessions: list[SessionOfUser]


class Notice(Form):
    event_id: UUID
    email: str = Field(
        description="receives one e-mail as soon as there are photos of the caller, and one at a release"
    )
    language: Literal["en", "fr"] = Field("en", description="of the e-mail")


class LinkRequest(Form):
    email: str = Field(description="as registered, or as left for an event by a guest without a password")
    event_code: str = Field("", description="only accounts that are in this event; empty: all")
    language: Literal["en", "fr"] = Field("en", description="of the e-mail")
