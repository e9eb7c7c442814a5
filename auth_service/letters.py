"""E-mails as they are sent: plain text and simple HTML, without images or tracking."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from html import escape

from auth_service.mails import ANNOUNCED_DAYS, Letter, MailKind
from auth_service.wording import TEXTS

# The text of a paragraph, and the address that it links to; empty: no link.
Paragraph = tuple[str, str]
# The pages to which the e-mails about a changed account link; these links have no token.
ACCOUNT_PAGES = {MailKind.PASSWORD_CHANGED: "password", MailKind.EMAIL_CHANGED: "organiser/account"}
CREDENTIAL_PAGES = {MailKind.RESET: "password", MailKind.EMAIL: "email"}


@dataclass(frozen=True)
class Post:
    """Writes e-mails. `sender` is an address or `Name <address>`; `site` is the public URL, with a proxy's path."""

    sender: str
    site: str

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    def write(self, letter: Letter) -> EmailMessage:
        """Every copy of a letter has the same Message-ID, so that mailboxes can drop duplicates."""
        name, address = parseaddr(self.sender)
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(name, addr_spec=address)
        message["To"] = letter.to
        subjects = [TEXTS[letter.kind, language].subject(letter) for language in letter.languages]
        message["Subject"] = " / ".join(subjects)
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if any(TEXTS[letter.kind, language].unsubscribe for language in letter.languages):
            message["List-Unsubscribe"] = f"<{self.site}/api/unsubscribe/{letter.token}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        written = {language: [*self._paragraphs(letter, language)] for language in letter.languages}
        plain = [_show_plain(paragraph) for paragraphs in written.values() for paragraph in paragraphs]
        message.set_content("\n\n".join(plain) + "\n", cte="quoted-printable")
        rich = [_show_rich(paragraph, language) for language in written for paragraph in written[language]]
        first, html = letter.languages[0], "\n".join(rich)
        page = f'<!doctype html>\n<html lang="{first}"><meta charset="utf-8"><body>\n{html}\n</body></html>\n'
        message.add_alternative(page, subtype="html", cte="quoted-printable")
        message["Content-Language"] = ", ".join(written)  # last: set_content would move it to the plain text part
        return message

    def _paragraphs(self, letter: Letter, language: str) -> Iterator[Paragraph]:
        words = TEXTS[letter.kind, language]
        yield words.opening(letter), ""
        yield words.link, self._link(letter)
        if words.photos:
            yield words.photos, f"{self.site}/organiser/events/{letter.event_id}"
        yield words.closing, ""
        if words.unsubscribe:
            yield words.unsubscribe, f"{self.site}/unsubscribe#{letter.token}"

    def _link(self, letter: Letter) -> str:
        if letter.kind in ACCOUNT_PAGES:
            return f"{self.site}/{ACCOUNT_PAGES[letter.kind]}"
        if letter.kind is MailKind.SIGN_IN:
            return f"{self.site}/sign-in{'?to=organiser' if letter.organiser else ''}#{letter.token}"
        if letter.kind in CREDENTIAL_PAGES:
            return f"{self.site}/{CREDENTIAL_PAGES[letter.kind]}#{letter.token}"
        if letter.kind in ANNOUNCED_DAYS:
            return f"{self.site}/organiser/events/{letter.event_id}/settings"
        return f"{self.site}/my/{letter.event_id}"


def _show_plain(paragraph: Paragraph) -> str:
    sentence, link = paragraph
    return f"{sentence}:\n{link}" if link else sentence


def _show_rich(paragraph: Paragraph, language: str) -> str:
    sentence, link = escape(paragraph[0]), escape(paragraph[1])
    return f'<p lang="{language}">' + (f'<a href="{link}">{sentence}</a>' if link else sentence) + "</p>"
