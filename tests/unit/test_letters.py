"""Contents of e-mails: headers, both languages, and escaping of user input in HTML and headers."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from auth_service.letters import Post
from auth_service.mails import LANGUAGES, Letter, MailKind
from auth_service.wording import TEXTS, show_day

POST = Post("Fotos & Co <photos@example.org>", "https://party.example/photos")
WEEK = timedelta(days=7)
OF_ACCOUNTS = (MailKind.RESET, MailKind.EMAIL, MailKind.PASSWORD_CHANGED, MailKind.EMAIL_CHANGED)
MAIL, EVENT = UUID(int=7), UUID(int=8)


def letter(kind: MailKind, language: str = "en", event: str = "Garden party", organiser: bool = False) -> Letter:
    return Letter(MAIL, kind, "gina@example.org", language, "to-ken", EVENT, event, organiser)


def arrived(sent: Letter, post: Post = POST) -> EmailMessage:
    message = message_from_bytes(post.write(sent).as_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def texts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert html
    return str(plain.get_content()), str(html.get_content())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_of_mail_is_written_in_every_language(kind: MailKind, language: str) -> None:
    message = arrived(letter(kind, language))
    plain, html = texts(message)
    assert message["From"] == "Fotos & Co <photos@example.org>"
    assert message["To"] == "gina@example.org"
    assert message["Content-Language"] == language
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{MAIL}@example.org>"
    is_of_event = kind not in OF_ACCOUNTS
    assert all(("Garden party" in text) is is_of_event for text in (message["Subject"], plain, html))
    assert f'lang="{language}"' in html
    assert {(kind, language) for kind in MailKind for language in LANGUAGES} == set(TEXTS)


def test_unsolicited_mails_have_a_one_click_unsubscribe_header() -> None:
    message = arrived(letter(MailKind.FIRST_PHOTOS))
    assert message["List-Unsubscribe"] == "<https://party.example/photos/api/unsubscribe/to-ken>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for text in texts(message):
        assert f"https://party.example/photos/my/{EVENT}" in text
        assert "https://party.example/photos/unsubscribe#to-ken" in text


@pytest.mark.parametrize(("organiser", "page"), [(False, "/sign-in#to-ken"), (True, "/sign-in?to=organiser#to-ken")])
def test_a_sign_in_link_has_its_token_in_the_fragment(organiser: bool, page: str) -> None:
    message = arrived(letter(MailKind.SIGN_IN, event="", organiser=organiser))
    assert message["List-Unsubscribe"] is None
    assert message["Subject"] == "Your sign-in link"
    for text in texts(message):
        assert f"https://party.example/photos{page}" in text


@pytest.mark.parametrize(("kind", "page"), [(MailKind.RESET, "password"), (MailKind.EMAIL, "email")])
def test_a_credentials_link_has_its_token_in_the_fragment(kind: MailKind, page: str) -> None:
    message = arrived(letter(kind))
    assert message["List-Unsubscribe"] is None
    for text in texts(message):
        assert f"https://party.example/photos/{page}#to-ken" in text


def test_an_event_name_injects_neither_html_nor_headers() -> None:
    name = '<img src="//evil.example/x.png">\r\nBcc: all@example.org'
    with pytest.raises(ValueError, match="linefeed"):
        POST.write(letter(MailKind.FIRST_PHOTOS, event=name))
    message = arrived(letter(MailKind.FIRST_PHOTOS, event=name.replace("\r\n", " ")))
    assert "&lt;img src=&quot;" in texts(message)[1]
    assert message["Bcc"] is None


@pytest.mark.parametrize("kind", MailKind)
def test_mails_load_no_external_resources(kind: MailKind) -> None:
    html = texts(arrived(letter(kind)))[1]
    assert set(re.findall(r"<(\w+)", html)) == {"html", "meta", "body", "p", "a"}
    assert set(re.findall(r"https?://[^/]+", html)) == {"https://party.example"}


def test_a_mail_without_a_language_contains_all_of_them() -> None:
    ends = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    announced = replace(letter(MailKind.DELETION_WEEK, ""), photo_count=2, hides_at=ends, deletes_at=ends + WEEK)
    message = arrived(announced)
    plain, html = texts(message)
    assert message["Content-Language"] == "en, fr"
    assert "From January 31, 2027, guests can no longer see the photos of “Garden party” (2 photos)." in plain
    assert "Le 7 février 2027, " in plain
    assert [html.count(f'<p lang="{language}">') for language in LANGUAGES] == [4, 4]


@pytest.mark.parametrize(
    ("day", "language", "shown"),
    [(1, "en", "May 1, 2027"), (1, "fr", "1er mai 2027"), (2, "fr", "2 mai 2027")],
)
def test_dates_are_written_in_the_format_of_the_language(day: int, language: str, shown: str) -> None:
    assert show_day(datetime(2027, 5, day, tzinfo=UTC), language) == shown


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "You are in 1 photo so far."), (3, "You are in 3 photos")])
def test_a_release_mail_states_the_number_of_photos_of_the_guest(count: int, said: str) -> None:
    plain = texts(arrived(replace(letter(MailKind.RELEASE), photo_count=count)))[0]
    assert said in plain
    assert ("You are" in plain) is (count > 0)


def test_names_in_every_script_are_preserved() -> None:
    message = arrived(letter(MailKind.FIRST_PHOTOS, "fr", event="Fête d'été 🎉 " + "é" * 150))
    assert "Fête d'été 🎉" in message["Subject"]
    assert "Fête d'été 🎉" in texts(message)[0]
    assert POST.write(letter(MailKind.FIRST_PHOTOS, event="é")).as_bytes().isascii()


@pytest.mark.parametrize(
    ("kind", "page"), [(MailKind.PASSWORD_CHANGED, "password"), (MailKind.EMAIL_CHANGED, "organiser/account")]
)
def test_account_notices_have_no_token_and_both_languages(kind: MailKind, page: str) -> None:
    message = arrived(letter(kind, ""))
    for text in texts(message):
        assert text.count(f"https://party.example/photos/{page}") == 2
        assert "to-ken" not in text
    assert message["List-Unsubscribe"] is None
    assert message["Content-Language"] == "en, fr"
