"""Withdrawn consents of people and in events, the queue of erasures for the ledger, and the audit log."""

from alembic import op

revision = "0010"
down_revision = "0009"

# The face of a withdrawn enrolment is forgotten and not matched; a new consent makes it an ordinary enrolment again.
COLUMNS = """
ALTER TABLE selfie.people ADD COLUMN without_consent boolean NOT NULL DEFAULT false;
ALTER TABLE selfie.enrolments ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
"""
ERASED = """
CREATE TABLE selfie.erased (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    id uuid NOT NULL
);
"""
ACTS = """
CREATE TABLE selfie.acts (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    event_id uuid,
    object_id uuid,
    result text NOT NULL,
    network text NOT NULL
);
CREATE INDEX acts_of_event ON selfie.acts (event_id, at DESC, id DESC);
CREATE INDEX acts_by_age ON selfie.acts (at);
"""
# `add_selfie_of` of version 0008 with one more outcome, `no_consent`.
ADD_SELFIE = """
CREATE OR REPLACE FUNCTION selfie.add_selfie_of(
    new_id uuid, of_user uuid, of_person uuid, request uuid, digest bytea, new_key text, media_type text,
    max_pending bigint, addition boolean, max_active bigint, OUT outcome text, OUT selfie_id uuid)
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
    PERFORM FROM selfie.people WHERE person_id = of_person AND user_id = of_user AND deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'unknown_user';
        RETURN;
    END IF;
    IF (SELECT p.without_consent FROM selfie.people p WHERE p.person_id = of_person) THEN
        outcome := 'no_consent';
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
    IF addition AND (SELECT count(*) FROM selfie.selfies s WHERE s.person_id = of_person AND s.state = 'active')
        >= max_active THEN
        outcome := 'too_many';
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
        queued_at, is_addition)
        VALUES (new_id, of_user, of_person, new_revision, request, digest, new_key, media_type, place,
            addition);
    PERFORM pg_notify('selfie_selfies', ''), pg_notify('selfie_hints', CAST(of_user AS text));
    outcome := 'added';
    selfie_id := new_id;
END
$$
"""


def upgrade() -> None:
    for step in (COLUMNS, ERASED, ACTS, ADD_SELFIE):
        op.execute(step)
