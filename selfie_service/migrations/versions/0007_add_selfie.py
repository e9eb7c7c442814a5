"""A function that adds a selfie in one round trip, with all reads and writes that this depends on."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Each statement has its own snapshot, taken after the lock of the person: the function is VOLATILE.
# A selfie takes the queue position of the pending one that it supersedes, so that a person who sends several neither
# loses nor gains a position: a claim has moved the pending one behind all that were waiting at that time.
ADD_SELFIE = """
CREATE FUNCTION selfie.add_selfie(
    new_id uuid, of_user uuid, of_person uuid, request uuid, digest bytea, new_key text, media_type text,
    max_pending bigint, OUT outcome text, OUT selfie_id uuid)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known record;
    former record;
    place timestamptz := now();
    new_revision bigint;
BEGIN
    -- A repeat while the first one is at work is answered at once and holds no connection.
    IF NOT pg_try_advisory_xact_lock(hashtextextended(of_user || ' ' || request, 0)) THEN
        outcome := 'in_progress';
        RETURN;
    END IF;
    PERFORM FROM selfie.people WHERE person_id = of_person FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'unknown_user';
        RETURN;
    END IF;
    SELECT s.id, s.sha256 INTO known FROM selfie.selfies s WHERE s.user_id = of_user AND s.request_id = request;
    IF FOUND THEN
        outcome := CASE WHEN known.sha256 = digest THEN 'known' ELSE 'key_reused' END;
        selfie_id := known.id;
        RETURN;
    END IF;
    -- A guest without events is not shut out.
    IF (SELECT bool_and(coalesce(e.closed OR e.expires_at <= now(), false))
        FROM selfie.enrolments n LEFT JOIN selfie.events e USING (event_id) WHERE n.person_id = of_person) THEN
        outcome := 'shut_out';
        RETURN;
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM selfie.selfies s WHERE s.state = 'pending' LIMIT max_pending) AS pending)
        >= max_pending THEN
        outcome := 'queue_full';
        RETURN;
    END IF;
    SELECT s.id, s.queued_at, s.image_key INTO former
        FROM selfie.selfies s WHERE s.person_id = of_person AND s.state = 'pending' FOR UPDATE;
    IF FOUND THEN
        place := former.queued_at;
        UPDATE selfie.selfies s
            SET state = 'superseded', image = NULL, image_key = NULL, encoding = NULL, lease_until = NULL
            WHERE s.id = former.id;
        INSERT INTO selfie.blob_deletions (key) SELECT former.image_key WHERE former.image_key IS NOT NULL;
    END IF;
    UPDATE selfie.people p SET revision = p.revision + 1, started_at = now()
        WHERE p.person_id = of_person RETURNING p.revision INTO new_revision;
    INSERT INTO selfie.selfies (id, user_id, person_id, revision, request_id, sha256, image_key, content_type,
        queued_at)
        VALUES (new_id, of_user, of_person, new_revision, request, digest, new_key, media_type, place);
    PERFORM pg_notify('selfie_selfies', ''), pg_notify('selfie_hints', CAST(of_user AS text));
    outcome := 'added';
    selfie_id := new_id;
END
$$
"""


def upgrade() -> None:
    op.execute(ADD_SELFIE)
