"""SQL that decides whether a queued e-mail is still relevant when it is due."""

from sqlalchemy import Connection, text

from auth_service.mails import MailJob, MailKind
from auth_service.store.offers import HIDES_AT, IS_HELD

FENCE = "id = :id AND attempt = :attempt AND state IN ('waiting', 'sending')"
MINE = f"m.id = (SELECT id FROM auth.mails WHERE {FENCE})"

# The address is still the one left for the event, and released photos are not held back again.
NOTICE = f"""
SELECT FROM auth.mails m JOIN auth.notices n USING (event_id, user_id, address_hash)
JOIN auth.events e ON e.id = m.event_id
WHERE {MINE} AND NOT EXISTS (SELECT FROM auth.unsubscribed u WHERE u.address_hash = m.address_hash)
    AND NOT (m.kind = 'release' AND {IS_HELD})
"""
# The event is still going to be hidden at that time, and the address is that of one of its organisers.
DELETION = f"""
SELECT FROM auth.mails m JOIN auth.events e ON e.id = m.event_id AND {HIDES_AT} = m.hides_at
JOIN auth.memberships o ON (o.event_id, o.user_id) = (m.event_id, m.user_id) AND o.role = 'organiser' AND NOT o.waiting
JOIN auth.users u ON u.id = m.user_id AND u.email = m.address
WHERE {MINE}
"""
# The address is still that of the account.
RESET = f"""
SELECT FROM auth.mails m JOIN auth.users u ON u.id = m.user_id AND u.email = m.address WHERE {MINE}
"""
# A new address, or the next release, gets its own e-mail.
AGAIN = f"""
UPDATE auth.notices n SET due = true, released = n.released OR m.kind = 'release' FROM auth.mails m
WHERE {MINE} AND n.event_id = m.event_id AND n.user_id = m.user_id
"""
WANTED = {
    MailKind.FIRST_PHOTOS: NOTICE,
    MailKind.RELEASE: NOTICE,
    MailKind.DELETION_MONTH: DELETION,
    MailKind.DELETION_WEEK: DELETION,
    MailKind.RESET: RESET,
}


def is_wanted(connection: Connection, job: MailJob) -> bool:
    """Returns whether the e-mail is still relevant; deletes it if not."""
    values = {"id": job.id, "attempt": job.attempt}
    query = WANTED.get(job.kind)
    if query is None or connection.execute(text(query), values).first() is not None:
        return True
    for statement in (AGAIN, f"DELETE FROM auth.mails WHERE {FENCE}"):  # notices first: the lock order of their writers
        connection.execute(text(statement), values)
    return False
