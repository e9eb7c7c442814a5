"""Settings of e-mail, read only by `__main__`."""

import re
from email.utils import parseaddr
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from auth_service import forms
from auth_service.letters import Post
from auth_service.smtp import MailServer
from kit.settings import EnvironmentSettings

ORIGIN = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?")


class MailSettings(EnvironmentSettings):
    """E-mail: SMTP_URL together with MAIL_FROM and PUBLIC_URL, or none of them."""

    smtp_url: str = Field(
        "",
        description="mail server, such as smtp://user:password@host:587 (STARTTLS if offered) or"
        " smtps://user:password@host:465; empty: no e-mail",
    )
    mail_from: str = Field("", description="sender of e-mails, such as Photos <photos@example.org>")
    public_url: str = Field("", description="public URL of the site, such as https://photos.example.org; for links")
    root_path: str = Field("", description="path prefix under which a proxy serves the gateway, such as /photos")

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp_url(cls, url: str) -> str:
        if url:
            MailServer.parse(url)
        return url

    @field_validator("mail_from")
    @classmethod
    def _check_sender(cls, sender: str) -> str:
        if sender and ([*forms.check_email(parseaddr(sender)[1])] or not sender.isprintable()):
            raise ValueError("must be an address, or a name with one such as Photos <photos@example.org>")
        return sender

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if url and not ORIGIN.fullmatch(url.rstrip("/")):
            raise ValueError("must be scheme and host such as https://photos.example.org; ROOT_PATH is for the path")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.smtp_url and not (self.mail_from and self.public_url):
            raise ValueError("SMTP_URL needs MAIL_FROM and PUBLIC_URL: set all three or no SMTP_URL")
        if self.mail_from and not self.smtp_url:
            raise ValueError("MAIL_FROM needs SMTP_URL: set both or none")
        return self

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    def post(self) -> Post:
        return Post(self.mail_from, self.public_url + self.root_path.rstrip("/"))
