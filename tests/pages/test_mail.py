"""E-mail pages: leaving an address, requesting a link, unsubscribing."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from deploy.local.system import LocalSystem
from tests.e2e.mailing import host as host
from tests.e2e.mailing import mailing as mailing
from tests.e2e.mailing import smtp as smtp
from tests.e2e.party import PASSWORD, Organiser, register
from tests.harness.smtp_server import SmtpServer
from tests.pages.conftest import NewPhone
from tests.pages.phone import Phone

ADDRESS = "gina@mail.example.org"
MAX_SHIFT = 0.01
OFFER = {"en": "New device? Get a link by e-mail", "fr": "Nouvel appareil ? Recevez un lien par e-mail"}
Open = Callable[..., Phone]


@pytest.fixture
def open_phone(new_phone: NewPhone, mailing: LocalSystem) -> Open:
    """Opens a page of the system that sends e-mail on a phone."""

    def open_at(path: str, **options: object) -> Phone:
        phone = new_phone(base_url=mailing.base_url, **options)
        phone.open(path)
        return phone

    return open_at


def path_of(link: str) -> str:
    parts = urlsplit(link)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path}{query}#{parts.fragment}"


def ask_for_link(phone: Phone, email: str, language: str = "en") -> None:
    phone.page.get_by_text(OFFER[language]).click()
    phone.page.locator("#link-email").fill(email)
    phone.check_accessibility()
    phone.page.locator("details button").click()


def test_a_guest_leaves_an_address_and_signs_in_with_it_on_another_device(
    open_phone: Open, host: Organiser, smtp: SmtpServer
) -> None:
    event = host.event("Garden party")
    phone = open_phone(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.button("You and your data").click()
    phone.page.get_by_label("E-mail address").fill(ADDRESS)
    phone.check_accessibility()
    phone.button("Notify me").click()
    phone.see(f"An e-mail goes to {ADDRESS}")
    phone.check_accessibility()
    phone.page.reload()
    before = len(smtp.received)
    other = open_phone(f"/e/{event['event_code']}")
    ask_for_link(other, ADDRESS.upper())
    other.see("a link is on its way")
    other.check_accessibility()
    assert other.shifts() < MAX_SHIFT
    link = smtp.wait_for(before + 1)[before].link
    other.open(path_of(link))
    other.page.wait_for_url(f"**/my/{event['id']}")
    other.button("You and your data").click()
    other.see(f"An e-mail goes to {ADDRESS}")
    other.button("Delete the address").click()
    expect(other.button("Notify me")).to_be_visible()


def test_an_organiser_who_forgot_the_password_gets_a_link(open_phone: Open, host: Organiser, smtp: SmtpServer) -> None:
    before = len(smtp.received)
    phone = open_phone("/organiser")
    ask_for_link(phone, f"{host.username}@example.org")
    phone.see("a link is on its way")
    phone.open(path_of(smtp.wait_for(before + 1)[before].link))
    phone.page.wait_for_url("**/organiser")
    expect(phone.page.get_by_role("heading", name="Your events")).to_be_visible()


@pytest.mark.parametrize("language", OFFER)
def test_the_start_page_offers_a_link_in_both_languages(open_phone: Open, language: str) -> None:
    phone = open_phone("/", locale=language, viewport={"width": 320, "height": 568}, color_scheme="dark")
    ask_for_link(phone, "nobody@example.org", language)
    phone.see({"en": "If this address is known here", "fr": "Si cette adresse est connue ici"}[language])


@pytest.mark.parametrize(("language", "word"), [("en", "Unsubscribe"), ("fr", "Se désabonner")])
def test_unsubscribing_takes_one_tap(open_phone: Open, language: str, word: str) -> None:
    phone = open_phone("/unsubscribe#to-ken", locale=language)
    phone.check_accessibility()
    assert not [request for request in phone.requests if "/api/" in request.url], (
        "opening the link alone does not unsubscribe"
    )
    phone.button(word).click()
    phone.see({"en": "Done.", "fr": "C’est fait."}[language])  # noqa: RUF001
    phone.check_accessibility()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Send me a link", "Save the password", "Use at least 8 characters.", "Saved. Sign in as")),
        (
            "fr",
            (
                "M’envoyer un lien",  # noqa: RUF001
                "Enregistrer le mot de passe",
                "Utilisez au moins 8 caractères.",
                "Enregistré. Connectez-vous en tant que",
            ),
        ),
    ],
)
def test_a_forgotten_password_is_reset(
    open_phone: Open, host: Organiser, mailing: LocalSystem, smtp: SmtpServer, language: str, words: tuple[str, ...]
) -> None:
    send, save, short, saved = words
    with register(mailing.base_url, host.event("Garden party")) as guest:
        before = len(smtp.received)
        phone = open_phone("/password", locale=language)
        phone.page.locator("#email").fill(f"{guest.username}@example.org")
        phone.check_accessibility()
        phone.button(send).click()
        phone.open(path_of(smtp.wait_for(before + 1)[before].link))
        expect(phone.button(save)).to_be_visible()
        assert not [request for request in phone.requests if "/api/reset-password" in request.url]
        for password, message in (("short", short), ("a brand new horse", f"{saved} {guest.username}")):
            phone.page.locator("#password").fill(password)
            phone.button(save).click()
            phone.see(message)
            phone.check_accessibility()
        assert phone.faults == ["422 POST /api/reset-password"]
        phone.faults.clear()
        form = {"username": guest.username, "password": "a brand new horse"}
        assert guest.http.post("/api/login", json=form).status_code == 200


@pytest.mark.parametrize(("language", "word"), [("en", "Use this address"), ("fr", "Utiliser cette adresse")])
def test_a_new_address_is_confirmed_with_one_tap(
    open_phone: Open, host: Organiser, mailing: LocalSystem, smtp: SmtpServer, language: str, word: str
) -> None:
    with register(mailing.base_url, host.event("Garden party")) as guest:
        before, email = len(smtp.received), f"new-{guest.username}@example.org"
        form = {"password": PASSWORD, "email": email, "language": language}
        assert guest.expect(200, "POST", "/api/me/email", json=form) == {"unconfirmed": True}
        received = smtp.wait_for(before + 1)[before]
        assert received.to == [email]
        phone = open_phone(path_of(received.link), locale=language)
        phone.check_accessibility()
        phone.button(word).click()
        phone.see({"en": "Done.", "fr": "C’est fait."}[language])  # noqa: RUF001
        assert guest.get("/api/me")["email"] == email


def test_without_mail_the_pages_offer_no_links_by_mail(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("No mail")
    for path in ("/", "/organiser", f"/e/{event['event_code']}"):
        phone.open(path)
        expect(phone.page.get_by_role("heading").first).to_be_visible()
        expect(phone.page.locator("details")).to_have_count(0)
    phone.button("Continue without a selfie").click()
    phone.button("You and your data").click()
    expect(phone.page.get_by_role("heading", name="You and your data")).to_be_visible()
    expect(phone.page.get_by_text("E-mail me when")).to_have_count(0)
