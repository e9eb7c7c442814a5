"""The real faces of the sample: photos in two published Python packages."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from PIL import Image

ARCHIVE = "face_recognition-1.3.0.tar.gz"
ARCHIVE_SHA256 = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
REQUIREMENT = f"face_recognition==1.3.0 --hash=sha256:{ARCHIVE_SHA256}\n"

ADA, BEN, CLEO = "Ada", "Ben", "Cleo"


class SampleFetchError(RuntimeError):
    """The package with the sample faces could not be fetched."""


@dataclass(frozen=True)
class Portrait:
    """One source photo with one person; `face` is left, top and side of the face in its pixels."""

    person: str
    image: Image.Image
    face: tuple[int, int, int]


@dataclass(frozen=True)
class Portraits:
    """The source photos: those that make up the event, and those reserved for selfies."""

    event: tuple[Portrait, ...]
    selfies: tuple[Portrait, ...]

    @property
    def everything(self) -> tuple[Portrait, ...]:
        """Every source photo once."""
        return tuple({id(portrait): portrait for portrait in self.event + self.selfies}.values())


def portraits(cache_dir: Path) -> Portraits:
    """Read the source photos, fetching their package into `cache_dir` on the first call.

    Only Cleo has enough photos to reserve one for a selfie; the face boxes are those of dlib's HOG detector.
    """
    with tarfile.open(fetch_archive(cache_dir)) as archive:
        ben = Portrait(BEN, _read(archive, "biden.jpg"), (439, 233, 311))
        cleo_office = Portrait(CLEO, _read(archive, "obama.jpg"), (366, 136, 259))
        cleo_hall = Portrait(CLEO, _read(archive, "obama3.jpg"), (646, 302, 310))
        cleo_speech = Portrait(CLEO, _read(archive, "obama2.jpg"), (164, 302, 311))
    ada = astronaut()
    return Portraits(event=(ada, ben, cleo_office, cleo_hall), selfies=(ada, ben, cleo_speech))


def astronaut() -> Portrait:
    """Read the portrait that needs no download, cropped above the flag in which HOG detects a second face."""
    picture = packaged_picture("astronaut").crop((20, 0, 400, 325))
    return Portrait(ADA, picture, (159, 83, 88))


def packaged_picture(name: str) -> Image.Image:
    """Read a picture that scikit-image ships."""
    return Image.open(BytesIO((files("skimage") / "data" / f"{name}.png").read_bytes())).convert("RGB")


def fetch_archive(cache_dir: Path) -> Path:
    """Return the verified source package in `cache_dir`, downloading it if it is missing."""
    path = cache_dir / ARCHIVE
    if path.exists():
        _check(path)
        return path
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir) as folder:
        _download(Path(folder))
        _check(Path(folder) / ARCHIVE)
        (Path(folder) / ARCHIVE).replace(path)
    return path


def _download(folder: Path) -> None:
    requirements = folder / "requirements.txt"
    # pip runs the package's setup.py for its metadata; with a required hash it verifies the bytes first.
    requirements.write_text(REQUIREMENT)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SampleFetchError(
            "pip could not download the source package of face_recognition 1.3.0, whose photos make the "
            "sample event. Check the network and pip's settings (pip config list), or put "
            f"{ARCHIVE} into {folder.parent} yourself. pip said:\n{done.stderr.strip()[-800:]}"
        )


def _check(path: Path) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != ARCHIVE_SHA256:
        raise SampleFetchError(f"{path} is not the published package: delete it and try again.")


def _read(archive: tarfile.TarFile, name: str) -> Image.Image:
    member = archive.extractfile(f"face_recognition-1.3.0/tests/test_images/{name}")
    if member is None:
        raise SampleFetchError(f"{ARCHIVE} does not contain the photo {name}.")
    return Image.open(BytesIO(member.read()), formats=("JPEG",)).convert("RGB")
