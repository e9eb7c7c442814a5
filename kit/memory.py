"""Configures the memory allocator to reuse freed memory, and the garbage collector to leave permanent objects alone."""

import ctypes
import gc

# Of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEPT_BYTES = 16 * 1024 * 1024
ARENAS = 2


def keep_freed_memory() -> None:
    """Reuses freed blocks up to KEPT_BYTES instead of returning them to the kernel, which would map and clear new pages
    for each copy of a file of several megabytes. At most KEPT_BYTES stay in each of two arenas. No effect without
    glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, ARENAS)


def keep_startup_objects() -> None:
    """Excludes all objects that exist now from garbage collection, since they last as long as the process. A full
    collection of an application with all its routes and types would stop the event loop for a noticeable time."""
    gc.collect()
    gc.freeze()
