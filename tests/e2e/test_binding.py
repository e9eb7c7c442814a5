"""One face per account and a daily limit of new faces, over REST."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

import psycopg2

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from selfie_service.binding import FACES_PER_DAY
from tests.e2e.party import Json, Person, showing, until

Gallery = tuple[Json, dict[str, SamplePhoto]]
A_DAY_PASSES = "UPDATE selfie.bindings SET bound_at = bound_at - interval '1 day' WHERE user_id = %s"
SELECT_BINDINGS = "SELECT FROM selfie.bindings WHERE user_id = %s"


def execute(system: LocalSystem, statement: str, user_id: str) -> int:
    """Runs a statement; the number of affected rows."""
    with closing(psycopg2.connect(system.env["DATABASE_URL"])) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, (user_id,))
        count: int = cursor.rowcount
    return count


def test_a_selfie_of_another_person_is_rejected_until_the_first_one_is_deleted(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    guest = join(event)
    guest.selfie_and_wait(sample.selfies["Cleo"])
    status = guest.selfie_and_wait(sample.selfies["Ada"])
    assert (status["status"], status["reason"]) == ("validation_failed", "different_person")
    assert "add a person" in status["message"]
    assert guest.photos() == showing(photos, "Cleo")
    assert guest.http.get("/api/my-selfie").content == sample.selfies["Cleo"]
    guest.expect(204, "DELETE", "/api/my-selfie")
    assert guest.selfie_and_wait(sample.selfies["Ada"])["status"] == "done"
    assert until(guest.photos, lambda found: found == showing(photos, "Ada"))


def test_an_account_has_a_daily_limit_of_new_faces_whose_records_expire(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person], system: LocalSystem
) -> None:
    guest = join(gallery[0])
    for _ in range(FACES_PER_DAY):
        assert guest.selfie_and_wait(sample.selfies["Ada"])["status"] == "done"
        guest.expect(204, "DELETE", "/api/my-selfie")
    status = guest.selfie_and_wait(sample.selfies["Ada"])
    assert (status["status"], status["reason"]) == ("validation_failed", "too_many_faces")
    assert execute(system, A_DAY_PASSES, guest.id) == FACES_PER_DAY
    until(partial(execute, system, SELECT_BINDINGS, guest.id), lambda count: count == 0)
    assert guest.selfie_and_wait(sample.selfies["Ada"])["status"] == "done"
