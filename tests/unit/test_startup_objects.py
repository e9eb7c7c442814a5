"""Objects of the start of a process are not looked through by the garbage collector."""

import gc
import weakref

from kit.memory import keep_startup_objects


class Node:
    """An object that refers to itself, so that only the garbage collector frees it."""

    def __init__(self) -> None:
        self.itself = self


def is_collected(node: "weakref.ref[Node]") -> bool:
    gc.collect()
    return node() is None


def test_later_objects_are_collected_and_earlier_ones_are_not() -> None:
    early = weakref.ref(Node())
    gc.collect()
    assert early() is None, "control: without the call it is collected"
    kept = Node()
    early = weakref.ref(kept)
    try:
        keep_startup_objects()
        del kept
        assert not is_collected(early)
        late = weakref.ref(Node())
        assert is_collected(late)
    finally:
        gc.unfreeze()
    assert is_collected(early)
