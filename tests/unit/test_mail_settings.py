"""Valid combinations of mail settings, and the mail server's URL."""

import pytest
from pydantic import ValidationError

from auth_service.mail_settings import MailSettings
from auth_service.smtp import MailServer, to_ascii
from kit.settings import describe

WHOLE = {"smtp_url": "smtp://localhost", "mail_from": "Photos <p@example.org>", "public_url": "https://a.example/"}


def test_a_complete_set_of_settings_is_accepted() -> None:
    settings = MailSettings.model_validate({**WHOLE, "root_path": "/photos"})
    assert settings.post().site == "https://a.example/photos"
    assert settings.post().sender_address == "p@example.org"
    assert settings.public_host == "a.example"


def test_without_mail_settings_there_is_no_mail() -> None:
    assert MailSettings.model_validate({"public_url": "https://a.example"}).smtp_url == ""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"mail_from": ""}, "SMTP_URL needs MAIL_FROM and PUBLIC_URL"),
        ({"public_url": ""}, "SMTP_URL needs MAIL_FROM and PUBLIC_URL"),
        ({"smtp_url": ""}, "MAIL_FROM needs SMTP_URL"),
        ({"smtp_url": "http://x:secret@y"}, "SMTP_URL: must be smtp://"),
        ({"smtp_url": "smtp://x:secret@y:many"}, "SMTP_URL: must be smtp://"),
        ({"smtp_url": "smtp://x@y"}, "SMTP_URL: must be smtp://"),
        ({"smtp_url": "smtp://:secret@y"}, "SMTP_URL: must be smtp://"),
        ({"smtp_url": "smtp://x:secret@y/path"}, "SMTP_URL: must be smtp://"),
        ({"mail_from": "nobody"}, "MAIL_FROM: must be an address"),
        ({"mail_from": "A\nBcc: x <a@example.org>"}, "MAIL_FROM: must be an address"),
        ({"public_url": "a.example"}, "PUBLIC_URL: must be scheme and host"),
    ],
)
def test_an_invalid_combination_is_reported_in_one_line_without_the_password(
    changed: dict[str, str], message: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        MailSettings.model_validate({**WHOLE, **changed})
    line = describe(raised.value)
    assert message in line
    assert "secret" not in line
    assert "\n" not in line


def test_a_mail_server_is_named_by_its_url() -> None:
    assert MailServer.parse("smtp://mail.example") == MailServer("mail.example", 587, False)
    assert MailServer.parse("smtps://a%40b:p%2Fw@mail.example") == MailServer("mail.example", 465, True, "a@b", "p/w")
    assert MailServer.parse("smtp://u:p@[::1]:25").is_local
    assert not MailServer.parse("smtp://u:p@10.0.0.1").is_local


def test_only_a_non_ascii_domain_is_rewritten() -> None:
    assert to_ascii("gina@bücher.example") == "gina@xn--bcher-kva.example"
    assert to_ascii("gïna@example.org") == "gïna@example.org"
    assert to_ascii("a..b.@docomo.example") == "a..b.@docomo.example"
