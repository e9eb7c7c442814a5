"""SQL that selects which pending selfie a worker examines next, in one statement."""

from sqlalchemy import text

from selfie_service.spending import Spent

WAITS = "state = 'pending' AND (lease_until IS NULL OR lease_until <= now())"
STEP_S = 0.1  # accounts within one step count as having spent the same
MAX_LOOKED_AT = 500  # candidates in a longer queue: the limit to how far heavy users are delayed
NOTHING_SPENT = Spent()
# A person who is in no event is searched nowhere, and is ranked like the event that has spent most.
CLAIM = text(
    f"""
    WITH account AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:accounts AS uuid[]), CAST(:account_s AS integer[])) AS _ (user_id, spent_s)),
    event AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:events AS uuid[]), CAST(:event_s AS float[])) AS _ (event_id, spent_s)),
    first AS MATERIALIZED (
        SELECT id, user_id, person_id, queued_at FROM selfie.selfies
        WHERE {WAITS} AND coalesce((attempt > 0) = CAST(:is_slow AS boolean), true)
        ORDER BY queued_at LIMIT :looked_at),
    ranked AS MATERIALIZED (
        SELECT first.id, queued_at, coalesce(account.spent_s, 0) AS account_s, coalesce(
            (SELECT min(coalesce(event.spent_s, 0)) FROM selfie.enrolments LEFT JOIN event USING (event_id)
                WHERE person_id = first.person_id), :most_s) AS event_s
        FROM first LEFT JOIN account USING (user_id))
    UPDATE selfie.selfies AS claimed
    SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease), queued_at = now()
    WHERE id = (
        SELECT id FROM selfie.selfies JOIN ranked USING (id) WHERE {WAITS}
        ORDER BY account_s, event_s, ranked.queued_at LIMIT 1 FOR UPDATE OF selfies SKIP LOCKED)
    RETURNING id, person_id, user_id, attempt, image_key, image, is_addition, ARRAY(
        SELECT event_id FROM selfie.enrolments WHERE person_id = claimed.person_id LIMIT :looked_at) AS event_ids
    """
)


def claim_values(lease_s: float, spent: Spent, is_slow: bool | None) -> dict[str, object]:
    """Returns the parameters of CLAIM."""
    accounts, events = list(spent.accounts.items()), list(spent.events.items())
    return {
        "lease": lease_s,
        "is_slow": is_slow,
        "looked_at": MAX_LOOKED_AT,
        "accounts": [str(account_id) for account_id, _ in accounts],
        "account_s": [round(seconds / STEP_S) for _, seconds in accounts],
        "events": [str(event_id) for event_id, _ in events],
        "event_s": [seconds for _, seconds in events],
        "most_s": max(spent.events.values(), default=0.0),
    }
