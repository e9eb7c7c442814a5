"""Invitations. Times are epoch seconds."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.accounts.schemas import Role, UserData
from gateway.http.schemas import Form


class NewInvitation(Form):
    role: Literal["organiser", "couple", "photographer"] = Field(description="the role of the account that accepts it")


class Invitation(BaseModel):
    id: str
    role: Role
    created_by: str = Field(description="user name of the organiser who made it")
    created_at: int
    expires_at: int


class CreatedInvitation(Invitation):
    token: str = Field(description="good once, for `/api/invitations/accept`; shown this once")
    path: str = Field(description="the page that accepts it, with the token in its fragment")
    qr_svg: str = Field(description="a QR code of the page's full address: an image as a `data:` URL")


class Invitations(BaseModel):
    invitations: list[Invitation] = Field(description="those that can still be accepted, the oldest first")


class InvitationToken(Form):
    token: str = Field(max_length=256)


class InvitedUser(InvitationToken):
    user_data: UserData


class ShownInvitation(BaseModel):
    event_id: str
    event_name: str
    role: Role
    created_by: str
    expires_at: int


class AcceptedInvitation(BaseModel):
    event_id: str
    event_name: str
    role: Role = Field(description="what the caller may do now")


class FirstOrganiser(Form):
    code: str = Field(max_length=64, description="from the log of auth_service; case, spaces and dashes do not matter")
    user_data: UserData
