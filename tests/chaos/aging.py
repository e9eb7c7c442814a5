"""Marks photos as read by an older engine while the system runs, so that they are reread."""

from contextlib import closing

import psycopg2

from matcher_service.domain import ENGINE_VERSION

# Each event is locked, as for every change to its photos.
EVENTS = "SELECT id FROM matcher.events WHERE NOT gone"
LOCK = "SELECT FROM matcher.events WHERE id = %s FOR UPDATE"
AGE = """
UPDATE matcher.photos SET engine_version = %s, reread_version = 0 WHERE event_id = %s AND state = 'indexed'
"""
PLAN = "INSERT INTO matcher.rereads (event_id, engine_version) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def age_photos(database_url: str) -> int:
    """Marks all photos as read by an older engine; returns the number of events. Raises psycopg2.Error."""
    with closing(psycopg2.connect(database_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(EVENTS)
            events = [event for (event,) in cursor.fetchall()]
        for event in events:
            with connection, connection.cursor() as cursor:
                cursor.execute(LOCK, [event])
                cursor.execute(AGE, [ENGINE_VERSION - 1, event])
                cursor.execute(PLAN, [event, ENGINE_VERSION])
    return len(events)
