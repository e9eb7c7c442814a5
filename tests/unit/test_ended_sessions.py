"""Ended sessions in memory: kept as long as their tokens can be valid, and bounded in number."""

from collections.abc import Iterator
from threading import Event
from uuid import uuid4

from kit.errors import ServiceUnavailable
from kit.rpc.ended import KEPT_S, EndedSessions, Endings, follow_endings


def test_an_id_is_kept_as_long_as_a_token_can_be_valid() -> None:
    now = 0.0
    ended, first, second = EndedSessions(clock=lambda: now), uuid4(), uuid4()
    ended.add([first])
    assert ended.covers(None, first)
    assert not ended.covers(None, second)
    now = KEPT_S - 1
    ended.add([second])
    assert ended.covers(first)
    now = KEPT_S
    ended.add([])
    assert not ended.covers(first)
    assert ended.covers(second)


def test_the_oldest_ids_are_evicted_above_the_bound() -> None:
    ended, ids = EndedSessions(most=3), [uuid4() for _ in range(5)]
    ended.add(ids)
    ended.add(ids[2:3])
    assert (len(ended), ended.covers(*ids[:2]), ended.covers(ids[2])) == (3, False, True)
    ended.add([uuid4()])
    assert not ended.covers(ids[3])


def test_a_follower_resumes_from_its_position_after_an_outage() -> None:
    stop, asked, id_ = Event(), [], uuid4()
    listed = [Endings((), 4), ServiceUnavailable(), ValueError(), Endings((id_,), 5)]
    answers: Iterator[Endings | Exception] = iter(listed)

    def fetch(after: int, _: float) -> Endings:
        asked.append(after)
        answer = next(answers, None)
        if answer is None:
            stop.set()
            return Endings((), after)
        if isinstance(answer, Exception):
            raise answer
        return answer

    ended = EndedSessions()
    stop.wait = lambda timeout=None: stop.is_set()  # type: ignore[method-assign]
    follow_endings(fetch, ended, stop)
    assert asked == [0, 4, 4, 4, 5]
    assert ended.covers(id_)
