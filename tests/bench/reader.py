"""Reads the photos of a folder, for measuring several processes; starts when its standard input closes."""

import itertools
import sys
from pathlib import Path

from kit.faces.engine import Engine
from matcher_service.reading import read


def main() -> None:
    engine = Engine()
    photos = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
    read(engine, photos[0])
    print("ready", flush=True)
    sys.stdin.read()
    for data in itertools.islice(itertools.cycle(photos), int(sys.argv[2])):
        assert read(engine, data).reason is None


if __name__ == "__main__":
    main()
