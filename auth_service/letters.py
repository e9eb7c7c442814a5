"""What e-mails say: plain text and simple HTML, in English and French, without pictures and tracking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from html import escape

from auth_service.mails import Letter, MailKind


@dataclass(frozen=True)
class Words:
    """The sentences of one kind of e-mail; `event` may be empty where somebody only signs in."""

    subject: Callable[[str], str]
    opening: Callable[[str], str]
    link: str
    closing: str
    unsubscribe: str = ""


TEXTS: Mapping[tuple[MailKind, str], Words] = {
    (MailKind.FIRST_PHOTOS, "en"): Words(
        subject=lambda event: f"There are photos of you: {event}",
        opening=lambda event: f"The first photos of you from “{event}” are there. More may follow.",
        link="See your photos",
        closing="On another device, the page can send a link to this address that signs you in.",
        unsubscribe="You left this address on the page of the event and get this e-mail once. No more e-mail about it",
    ),
    (MailKind.FIRST_PHOTOS, "fr"): Words(
        subject=lambda event: f"Il y a des photos de vous : {event}",
        opening=lambda event: f"Les premières photos de vous de « {event} » sont là. D’autres suivront peut-être.",
        link="Voir vos photos",
        closing="Sur un autre appareil, la page peut envoyer à cette adresse un lien de connexion.",
        unsubscribe="Vous avez laissé cette adresse sur la page de l’événement et recevez ce message une seule fois."
        " Ne plus recevoir de message à ce sujet",
    ),
    (MailKind.SIGN_IN, "en"): Words(
        subject=lambda event: f"Your link to sign in: {event}" if event else "Your link to sign in",
        opening=lambda event: f"This link opens your photos of “{event}”." if event else "This link signs you in.",
        link="Sign in",
        closing="It works once, within an hour. If you did not ask for it, ignore this e-mail.",
    ),
    (MailKind.SIGN_IN, "fr"): Words(
        subject=lambda event: f"Votre lien de connexion : {event}" if event else "Votre lien de connexion",
        opening=lambda event: f"Ce lien ouvre vos photos de « {event} »." if event else "Ce lien vous connecte.",
        link="Se connecter",
        closing="Il sert une seule fois, dans l’heure. Si vous ne l’avez pas demandé, ignorez ce message.",
    ),
}


@dataclass(frozen=True)
class Post:
    """`sender`: an address, or `Name <address>`; `site`: the public address of the pages, with the path of a proxy."""

    sender: str
    site: str

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    def write(self, letter: Letter) -> EmailMessage:
        """The same Message-ID for each copy, so that a mailbox may drop the second one."""
        words = TEXTS[letter.kind, letter.language]
        name, address = parseaddr(self.sender)
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(name, addr_spec=address)
        message["To"] = letter.to
        message["Subject"] = words.subject(letter.event_name)
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        link, leave = self._link(letter), f"{self.site}/unsubscribe#{letter.token}"
        if words.unsubscribe:
            message["List-Unsubscribe"] = f"<{self.site}/api/unsubscribe/{letter.token}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        plain = [words.opening(letter.event_name), f"{words.link}:\n{link}", words.closing]
        rich = [escape(plain[0]), f'<a href="{escape(link)}">{escape(words.link)}</a>', escape(words.closing)]
        if words.unsubscribe:
            plain.append(f"{words.unsubscribe}:\n{leave}")
            rich.append(f'<a href="{escape(leave)}">{escape(words.unsubscribe)}</a>')
        message.set_content("\n\n".join(plain) + "\n", cte="quoted-printable")
        html = "\n".join(f"<p>{paragraph}</p>" for paragraph in rich)
        page = f'<!doctype html>\n<html lang="{letter.language}"><meta charset="utf-8"><body>\n{html}\n</body></html>\n'
        message.add_alternative(page, subtype="html", cte="quoted-printable")
        message["Content-Language"] = letter.language  # set earlier, it would be of the plain text alone
        return message

    def _link(self, letter: Letter) -> str:
        if letter.kind is MailKind.SIGN_IN:
            return f"{self.site}/sign-in{'?to=organiser' if letter.organiser else ''}#{letter.token}"
        return f"{self.site}/my/{letter.event_id}"
