"""The processor time of processes, from /proc."""

import os
from collections import defaultdict
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def processor_s(process_id: int) -> float:
    """Processor time of a process and all its descendants, including reaped ones, in seconds."""
    children, ticks = defaultdict(list), {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        number = int(path.parent.name)
        children[int(fields[1])].append(number)
        ticks[number] = sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    family, total = [process_id], 0
    while family:
        member = family.pop()
        total += ticks.get(member, 0)
        family += children[member]
    return total / TICKS_PER_S
