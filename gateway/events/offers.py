"""Settings of an event for its guests: release, credit, download, retention. Times are epoch seconds."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.http.schemas import Form
from gateway.http.times import epoch_s
from protos.auth.v1 import auth_pb2 as pb

MAX_KEEP_DAYS = 3650

Release = Literal["live", "held"]
Download = Literal["original", "preview", "none"]
DOWNLOADS: dict[int, Download] = {
    pb.DOWNLOAD_SIZE_ORIGINAL: "original",
    pb.DOWNLOAD_SIZE_PREVIEW: "preview",
    pb.DOWNLOAD_SIZE_NONE: "none",
}
RELEASE = "`held`: guests see no photos until an organiser releases them (`live`) or until `releases_at`"
DOWNLOAD = "which picture guests may download; they see all photos at up to 1600 pixels"
KEEP_DAYS = "after the end of the event; null: it is kept until an organiser deletes it"


class NewCredit(Form):
    name: str = Field("", description="at most 100 characters")
    url: str = Field("", description="an https address, or empty; only with a name")


class Credit(BaseModel):
    name: str
    url: str = Field(description="an https address, or empty")


class EventOffer(BaseModel):
    release: Release = Field(description=f"now; {RELEASE}")
    releases_at: int | None = Field(default=None, description="null: an organiser decides, or the photos are released")
    credit: Credit | None = Field(default=None, description="who took the photos; null: no credit")
    download: Download = Field(description=f"{DOWNLOAD}; organisers download everything")
    keep_days: int | None = Field(default=None, description=KEEP_DAYS)
    hidden: bool = Field(description="hidden from guests, because its time is over")
    hides_at: int | None = Field(default=None, description="when it is hidden from guests; null: it is kept")
    deletes_at: int | None = Field(default=None, description="when everything is deleted; null: it is kept")


def show_offer(offer: pb.Event | pb.Membership) -> dict[str, Any]:
    """The fields of an EventOffer."""
    credit, retention = offer.credit, offer.retention
    return {
        "release": "held" if offer.held else "live",
        "releases_at": epoch_s(offer, "release_time"),
        "credit": Credit(name=credit.name, url=credit.url) if credit.name else None,
        "download": DOWNLOADS.get(offer.download, "original"),
        "keep_days": retention.keep_days or None,
        "hidden": retention.hidden,
        "hides_at": epoch_s(retention, "hide_time"),
        "deletes_at": epoch_s(retention, "delete_time"),
    }


def to_credit(credit: NewCredit | None) -> pb.Credit:
    return pb.Credit(name=credit.name, url=credit.url) if credit else pb.Credit()


def to_size(download: Download | None) -> str | None:
    return f"DOWNLOAD_SIZE_{download.upper()}" if download else None
