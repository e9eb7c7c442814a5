"""Converts the models once, for an image that cannot write them: `python -m kit.faces.convert FOLDER`."""

import sys
from pathlib import Path

from kit.faces.detect.centerface import CenterFace
from kit.faces.encode.encoder import Encoder


def main() -> None:
    folder = Path(sys.argv[1])
    Encoder(folder)
    CenterFace(folder)
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o755)
    print(f"{len(list(folder.iterdir()))} models in {folder}")


if __name__ == "__main__":
    main()
