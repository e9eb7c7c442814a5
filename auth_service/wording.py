"""The texts of e-mails, in English and French."""

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
    """The text of one kind of e-mail. `link` and `photos` label the two links, `unsubscribe` a third one; an empty
    label omits the paragraph. A letter has no event name if its recipient signs in without an event."""

    subject: Callable[[Letter], str]
    opening: Callable[[Letter], str]
    link: str
    closing: str
    unsubscribe: str = ""
    photos: str = ""


def show_day(moment: datetime | None, language: str) -> str:
    """Returns the date in UTC, or an empty string for None."""
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
    return f"The photos of “{letter.event_name}” are now available.{own}"


def _release_fr(letter: Letter) -> str:
    own = f" Vous êtes sur {_count_fr(letter)} pour l’instant." if letter.photo_count else ""
    return f"Les photos de « {letter.event_name} » sont maintenant disponibles.{own}"


def _deletion_en(letter: Letter) -> str:
    photos = f" ({_count_en(letter)})" if letter.photo_count is not None else ""
    return (
        f"From {show_day(letter.hides_at, 'en')}, guests can no longer see the photos of “{letter.event_name}”{photos}."
        f" The event and everything in it will be deleted on {show_day(letter.deletes_at, 'en')}."
    )


def _deletion_fr(letter: Letter) -> str:
    photos = f" ({_count_fr(letter)})" if letter.photo_count is not None else ""
    return (
        f"À partir du {show_day(letter.hides_at, 'fr')}, les invités ne peuvent plus voir les photos de"
        f" « {letter.event_name} »{photos}. Le {show_day(letter.deletes_at, 'fr')}, l’événement sera supprimé avec tout"
        " son contenu."
    )


FIRST_PHOTOS_EN = Words(
    subject=lambda letter: f"Your first photos from “{letter.event_name}”",
    opening=lambda letter: f"The first photos of you from “{letter.event_name}” are available. More may follow.",
    link="See your photos",
    closing="To see them on another device, open the event’s page there and request a sign-in link to this address.",
    unsubscribe="You receive this e-mail once, because you left this address on the event’s page. Unsubscribe from"
    " e-mails about this event",
)
FIRST_PHOTOS_FR = Words(
    subject=lambda letter: f"Vos premières photos de « {letter.event_name} »",
    opening=lambda letter: (
        f"Les premières photos de vous à « {letter.event_name} » sont disponibles. D’autres suivront peut-être."
    ),
    link="Voir vos photos",
    closing="Pour les voir sur un autre appareil, ouvrez-y la page de l’événement et demandez un lien de connexion à"
    " cette adresse.",
    unsubscribe="Vous recevez ce message une seule fois, parce que vous avez laissé cette adresse sur la page de"
    " l’événement. Ne plus recevoir de messages sur cet événement",
)
RELEASE_EN = Words(
    subject=lambda letter: f"The photos of “{letter.event_name}” are here",
    opening=_release_en,
    link="See the photos",
    closing=FIRST_PHOTOS_EN.closing,
    unsubscribe=FIRST_PHOTOS_EN.unsubscribe,
)
RELEASE_FR = Words(
    subject=lambda letter: f"Les photos de « {letter.event_name} » sont là",
    opening=_release_fr,
    link="Voir les photos",
    closing=FIRST_PHOTOS_FR.closing,
    unsubscribe=FIRST_PHOTOS_FR.unsubscribe,
)
SIGN_IN_EN = Words(
    subject=lambda letter: f"Your sign-in link for “{letter.event_name}”" if letter.event_name else "Your sign-in link",
    opening=lambda letter: (
        f"Use this link to open your photos of “{letter.event_name}”."
        if letter.event_name
        else "Use this link to sign in."
    ),
    link="Sign in",
    closing="The link works once and expires after one hour. If you did not request it, you can ignore this e-mail.",
)
SIGN_IN_FR = Words(
    subject=lambda letter: (
        f"Votre lien de connexion à « {letter.event_name} »" if letter.event_name else "Votre lien de connexion"
    ),
    opening=lambda letter: (
        f"Utilisez ce lien pour ouvrir vos photos de « {letter.event_name} »."
        if letter.event_name
        else "Utilisez ce lien pour vous connecter."
    ),
    link="Se connecter",
    closing="Le lien fonctionne une seule fois et expire au bout d’une heure. Si vous ne l’avez pas demandé, vous"
    " pouvez ignorer ce message.",
)
RESET_EN = Words(
    subject=lambda _: "Reset your password",
    opening=lambda _: "Use this link to choose a new password. You will be signed out on all devices.",
    link="Choose a new password",
    closing=SIGN_IN_EN.closing,
)
RESET_FR = Words(
    subject=lambda _: "Réinitialisez votre mot de passe",
    opening=lambda _: "Utilisez ce lien pour choisir un nouveau mot de passe. Tous vos appareils seront déconnectés.",
    link="Choisir un nouveau mot de passe",
    closing=SIGN_IN_FR.closing,
)
EMAIL_EN = Words(
    subject=lambda _: "Confirm your e-mail address",
    opening=lambda _: "Someone entered this address as the e-mail address of their account. If it was you, confirm it.",
    link="Confirm this address",
    closing=SIGN_IN_EN.closing,
)
EMAIL_FR = Words(
    subject=lambda _: "Confirmez votre adresse e-mail",
    opening=lambda _: "Quelqu’un a indiqué cette adresse comme celle de son compte. Si c’est vous, confirmez-la.",
    link="Confirmer cette adresse",
    closing=SIGN_IN_FR.closing,
)
PASSWORD_CHANGED_EN = Words(
    subject=lambda _: "Your password was changed",
    opening=lambda _: "The password of your account was changed. If it was you, there is nothing to do.",
    link="If it was not you, choose a new password, which signs out all devices",
    closing="You receive this e-mail because this is the address of the account.",
)
PASSWORD_CHANGED_FR = Words(
    subject=lambda _: "Votre mot de passe a été changé",
    opening=lambda _: "Le mot de passe de votre compte a été changé. Si c’est vous, vous n’avez rien à faire.",
    link="Si ce n’est pas vous, choisissez un nouveau mot de passe, ce qui déconnecte tous les appareils",
    closing="Vous recevez ce message parce que cette adresse est celle du compte.",
)
EMAIL_CHANGED_EN = Words(
    subject=lambda _: "Your e-mail address was changed",
    opening=lambda _: (
        "The e-mail address of your account was changed, and the account no longer uses this address. If it was you,"
        " there is nothing to do. If not, change your password, and ask the operator of the site to restore your"
        " address."
    ),
    link="Go to your account",
    closing="You receive this e-mail because the account used this address until now. It is the last one.",
)
EMAIL_CHANGED_FR = Words(
    subject=lambda _: "Votre adresse e-mail a été changée",
    opening=lambda _: (
        "L’adresse e-mail de votre compte a été changée, et le compte n’utilise plus celle-ci. Si c’est vous, vous"
        " n’avez rien à faire. Sinon, changez votre mot de passe et demandez à l’exploitant du site de rétablir votre"
        " adresse."
    ),
    link="Ouvrir votre compte",
    closing="Vous recevez ce message parce que le compte utilisait cette adresse. C’est le dernier.",
)
DELETION_EN = Words(
    subject=lambda letter: f"“{letter.event_name}” will be deleted on {show_day(letter.deletes_at, 'en')}",
    opening=_deletion_en,
    link="To keep the event longer, change its end or how long it is kept",
    photos="To keep the photos, download them all as a ZIP file",
    closing="You receive this e-mail because you are an organiser of this event.",
)
DELETION_FR = Words(
    subject=lambda letter: f"« {letter.event_name} » sera supprimé le {show_day(letter.deletes_at, 'fr')}",
    opening=_deletion_fr,
    link="Pour garder l’événement plus longtemps, changez sa fin ou sa durée de conservation",
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
