"""How the process keeps memory that it has freed."""

import ctypes

# Of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEPT_BYTES = 16 * 1024 * 1024
ARENAS = 2


def keep_freed_memory() -> None:
    """Has blocks up to KEPT_BYTES reused instead of given back: a file of a few megabytes is copied several times on
    its way, and the kernel would map and clear fresh pages for each copy. At most KEPT_BYTES stay in each of two
    arenas. Without glibc nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, ARENAS)
