"""Requested e-mail: notifications about photos, sign-in links, and unsubscribing."""

from uuid import UUID

from auth_service import forms
from auth_service.domain import InvalidForm, MailNotOffered, normalise_code, to_display
from auth_service.mails import Notice
from auth_service.service.roles import require_role
from auth_service.store import Stores
from kit.errors import Violation


class Notices:
    """`is_offered`: whether this server sends e-mail."""

    def __init__(self, stores: Stores, is_offered: bool) -> None:
        self._notices = stores.notices
        self._mails = stores.mails
        self._members = stores.members
        self._events = stores.events
        self._is_offered = is_offered

    def set(self, notice: Notice) -> None:
        self._require_offer()
        forms.require([*forms.check_email(notice.email), *forms.check_language(notice.language)])
        if self._notices.set(notice):
            return
        require_role(self._members, notice.event_id, notice.user_id)
        message = "This address was unsubscribed from this event."
        raise InvalidForm([Violation("email", "unsubscribed", message)])

    def delete(self, event_id: UUID, user_id: UUID) -> None:
        self._notices.delete(event_id, user_id)

    def send_link(self, email: str, code: str, language: str) -> None:
        """Behaves the same whether or not an account has this address."""
        self._require_offer()
        email = to_display(email)
        forms.require([*forms.check_email(email), *forms.check_language(language)])
        event = self._events.find_code(normalise_code(code)) if code else None
        if event or not code:
            self._mails.add_sign_in(email, event.id if event else None, language)

    def unsubscribe(self, token: str) -> None:
        self._notices.unsubscribe(token.replace("\0", ""))

    def _require_offer(self) -> None:
        if not self._is_offered:
            raise MailNotOffered
