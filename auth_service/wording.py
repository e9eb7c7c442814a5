"""The sentences of e-mails, in English and French."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from auth_service.mails import Letter, MailKind

MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}


@dataclass(frozen=True)
class Words:
    """The sentences of one kind of e-mail. The event's name may be empty where somebody only signs in; `photos`: of the
    second link, to the photos of an organiser."""

    subject: Callable[[Letter], str]
    opening: Callable[[Letter], str]
    link: str
    closing: str
    unsubscribe: str = ""
    photos: str = ""


def show_day(moment: datetime | None, language: str) -> str:
    """The day in UTC."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    month = MONTHS[language][moment.month - 1]
    if language == "fr":
        return f"{'1er' if moment.day == 1 else moment.day} {month} {moment.year}"
    return f"{month} {moment.day}, {moment.year}"


def _count_en(letter: Letter) -> str:
    return "1 photo" if letter.photo_count == 1 else f"{letter.photo_count} photos"


def _count_fr(letter: Letter) -> str:
    return f"{letter.photo_count} photo" if (letter.photo_count or 0) < 2 else f"{letter.photo_count} photos"


def _release_en(letter: Letter) -> str:
    own = f" You are in {_count_en(letter)} so far." if letter.photo_count else ""
    return f"The photos of “{letter.event_name}” are released.{own}"


def _release_fr(letter: Letter) -> str:
    own = f" Vous êtes sur {_count_fr(letter)} pour l’instant." if letter.photo_count else ""
    return f"Les photos de « {letter.event_name} » sont publiées.{own}"


def _deletion_en(letter: Letter) -> str:
    photos = f" ({_count_en(letter)})" if letter.photo_count is not None else ""
    return (
        f"From {show_day(letter.hides_at, 'en')} on, guests no longer see the photos of “{letter.event_name}”{photos}."
        f" On {show_day(letter.deletes_at, 'en')} the event is deleted with everything in it."
    )


def _deletion_fr(letter: Letter) -> str:
    photos = f" ({_count_fr(letter)})" if letter.photo_count is not None else ""
    return (
        f"À partir du {show_day(letter.hides_at, 'fr')}, les invités ne voient plus les photos de"
        f" « {letter.event_name} »{photos}. Le {show_day(letter.deletes_at, 'fr')}, l’événement est supprimé avec tout"
        " son contenu."
    )


FIRST_PHOTOS_EN = Words(
    subject=lambda letter: f"There are photos of you: {letter.event_name}",
    opening=lambda letter: f"The first photos of you from “{letter.event_name}” are there. More may follow.",
    link="See your photos",
    closing="On another device, the page can send a link to this address that signs you in.",
    unsubscribe="You left this address on the page of the event and get this e-mail once. No more e-mail about it",
)
FIRST_PHOTOS_FR = Words(
    subject=lambda letter: f"Il y a des photos de vous : {letter.event_name}",
    opening=lambda letter: (
        f"Les premières photos de vous de « {letter.event_name} » sont là. D’autres suivront peut-être."
    ),
    link="Voir vos photos",
    closing="Sur un autre appareil, la page peut envoyer à cette adresse un lien de connexion.",
    unsubscribe="Vous avez laissé cette adresse sur la page de l’événement et recevez ce message une seule fois."
    " Ne plus recevoir de message à ce sujet",
)
RELEASE_EN = Words(
    subject=lambda letter: f"The photos are here: {letter.event_name}",
    opening=_release_en,
    link="See the photos",
    closing=FIRST_PHOTOS_EN.closing,
    unsubscribe=FIRST_PHOTOS_EN.unsubscribe,
)
RELEASE_FR = Words(
    subject=lambda letter: f"Les photos sont là : {letter.event_name}",
    opening=_release_fr,
    link="Voir les photos",
    closing=FIRST_PHOTOS_FR.closing,
    unsubscribe=FIRST_PHOTOS_FR.unsubscribe,
)
SIGN_IN_EN = Words(
    subject=lambda letter: (
        f"Your link to sign in: {letter.event_name}" if letter.event_name else "Your link to sign in"
    ),
    opening=lambda letter: (
        f"This link opens your photos of “{letter.event_name}”." if letter.event_name else "This link signs you in."
    ),
    link="Sign in",
    closing="It works once, within an hour. If you did not ask for it, ignore this e-mail.",
)
SIGN_IN_FR = Words(
    subject=lambda letter: (
        f"Votre lien de connexion : {letter.event_name}" if letter.event_name else "Votre lien de connexion"
    ),
    opening=lambda letter: (
        f"Ce lien ouvre vos photos de « {letter.event_name} »." if letter.event_name else "Ce lien vous connecte."
    ),
    link="Se connecter",
    closing="Il sert une seule fois, dans l’heure. Si vous ne l’avez pas demandé, ignorez ce message.",
)
RESET_EN = Words(
    subject=lambda _: "Your new password",
    opening=lambda _: "With this link you choose a new password. All devices are signed out then.",
    link="Choose a new password",
    closing=SIGN_IN_EN.closing,
)
RESET_FR = Words(
    subject=lambda _: "Votre nouveau mot de passe",
    opening=lambda _: (
        "Ce lien vous permet de choisir un nouveau mot de passe. Tous les appareils sont alors déconnectés."
    ),
    link="Choisir un nouveau mot de passe",
    closing=SIGN_IN_FR.closing,
)
EMAIL_EN = Words(
    subject=lambda _: "Confirm your e-mail address",
    opening=lambda _: "Somebody named this address as that of their account.",
    link="Use this address",
    closing=SIGN_IN_EN.closing,
)
EMAIL_FR = Words(
    subject=lambda _: "Confirmez votre adresse e-mail",
    opening=lambda _: "Quelqu’un a indiqué cette adresse comme celle de son compte.",
    link="Utiliser cette adresse",
    closing=SIGN_IN_FR.closing,
)
PASSWORD_CHANGED_EN = Words(
    subject=lambda _: "Your password was changed",
    opening=lambda _: "The password of the account with this address was changed. If it was you, all is well.",
    link="It was not you? Choose a new password, which signs out everybody else",
    closing="You get this e-mail because the account has this address.",
)
PASSWORD_CHANGED_FR = Words(
    subject=lambda _: "Votre mot de passe a été changé",
    opening=lambda _: "Le mot de passe du compte qui a cette adresse a été changé. Si c’était vous, tout va bien.",
    link="Ce n’était pas vous ? Choisissez un nouveau mot de passe, qui déconnecte tous les autres",
    closing="Vous recevez ce message parce que le compte a cette adresse.",
)
EMAIL_CHANGED_EN = Words(
    subject=lambda _: "Your account has another e-mail address",
    opening=lambda _: (
        "The account that had this address has another one now, and this one is no longer used for it. If it was you,"
        " all is well. If not, change your password, and ask the operator of the site for your address back."
    ),
    link="To your account",
    closing="You get this e-mail because the account had this address, and no more of them.",
)
EMAIL_CHANGED_FR = Words(
    subject=lambda _: "Votre compte a une autre adresse e-mail",
    opening=lambda _: (
        "Le compte qui avait cette adresse en a maintenant une autre, et celle-ci ne sert plus pour lui. Si c’était"
        " vous, tout va bien. Sinon, changez votre mot de passe et demandez à l’exploitant du site de rétablir votre"
        " adresse."
    ),
    link="Vers votre compte",
    closing="Vous recevez ce message parce que le compte avait cette adresse ; il n’y en aura pas d’autre.",
)
DELETION_EN = Words(
    subject=lambda letter: f"Deletion on {show_day(letter.deletes_at, 'en')}: {letter.event_name}",
    opening=_deletion_en,
    link="To keep it longer, change its end or how long it is kept",
    photos="To keep the photos, download them all as a ZIP file",
    closing="You get this e-mail because you organise this event.",
)
DELETION_FR = Words(
    subject=lambda letter: f"Suppression le {show_day(letter.deletes_at, 'fr')} : {letter.event_name}",
    opening=_deletion_fr,
    link="Pour le garder plus longtemps, changez sa fin ou sa durée de conservation",
    photos="Pour garder les photos, téléchargez-les toutes dans un fichier ZIP",
    closing="Vous recevez ce message parce que vous organisez cet événement.",
)

TEXTS: Mapping[tuple[MailKind, str], Words] = {
    (MailKind.FIRST_PHOTOS, "en"): FIRST_PHOTOS_EN,
    (MailKind.FIRST_PHOTOS, "fr"): FIRST_PHOTOS_FR,
    (MailKind.RELEASE, "en"): RELEASE_EN,
    (MailKind.RELEASE, "fr"): RELEASE_FR,
    (MailKind.SIGN_IN, "en"): SIGN_IN_EN,
    (MailKind.SIGN_IN, "fr"): SIGN_IN_FR,
    (MailKind.RESET, "en"): RESET_EN,
    (MailKind.RESET, "fr"): RESET_FR,
    (MailKind.EMAIL, "en"): EMAIL_EN,
    (MailKind.EMAIL, "fr"): EMAIL_FR,
    (MailKind.PASSWORD_CHANGED, "en"): PASSWORD_CHANGED_EN,
    (MailKind.PASSWORD_CHANGED, "fr"): PASSWORD_CHANGED_FR,
    (MailKind.EMAIL_CHANGED, "en"): EMAIL_CHANGED_EN,
    (MailKind.EMAIL_CHANGED, "fr"): EMAIL_CHANGED_FR,
    (MailKind.DELETION_MONTH, "en"): DELETION_EN,
    (MailKind.DELETION_MONTH, "fr"): DELETION_FR,
    (MailKind.DELETION_WEEK, "en"): DELETION_EN,
    (MailKind.DELETION_WEEK, "fr"): DELETION_FR,
}
