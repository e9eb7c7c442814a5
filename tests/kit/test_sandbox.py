"""The child that processes images: what it is denied, and that it can still read every kind of image."""

import ctypes
import functools
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from skimage import data as samples

from kit.faces.engine import Engine
from kit.faces.types import ImageLimits, LogoReading
from kit.faces.validation import build_examiner
from kit.sandbox.landlock import find_version
from kit.sandbox.process import Sandbox
from matcher_service.reading import Reading, build_reader, read
from tests.kit.sandbox_acts import ACTS, build_doer
from tests.unit import profiles, test_decode, test_heic
from tests.unit.drawings import draw, save
from tests.unit.jpegs import camera_file
from tests.unit.test_damage import BROKEN

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the system call filter exists only on Linux")
SHARED = Path(__file__).parents[3] / "shared" / "files"
LIMITS = ImageLimits(max_pixels=60_000_000)
MEMORY_MB = 2048


def corpus() -> dict[str, bytes]:
    """Images of every supported kind, with all kinds of metadata, and unusual and broken ones."""
    photo = Image.fromarray(samples.astronaut())  # type: ignore[no-untyped-call]
    exif = Image.Exif()
    exif[274], exif[271], exif[272] = 6, "Maker", "Model"
    exif.get_ifd(0x8769)[0x9003] = "2026:06:20 15:04:05"
    found = {f"shown: {name}": data for name, data in test_decode.SHOWN.items()}
    found |= {f"refused: {name}": data for name, (data, _) in test_decode.REFUSED.items()}
    found |= {f"uploaded: {name}": data for name, (data, _) in test_decode.UPLOADS.items()}
    found |= {f"broken: {name}": data for name, data in BROKEN.items() if len(data) < 100_000}
    found |= {f"a container: {name}": test_heic.save(name) for name in ("HEIF", "AVIF")}
    wide, ink = profiles.rgb_profile(profiles.DISPLAY_P3, 2.2), profiles.cmyk_profile()
    for form in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF"):
        found[f"a face: {form}"] = save(photo, form)
        found[f"colours: {form}"] = save(draw(), form, icc_profile=wide)
        found[f"metadata: {form}"] = save(draw(), form, exif=exif)
    found["ink"] = save(draw().convert("CMYK"), icc_profile=ink)
    found["of a camera"] = camera_file(photo)
    if SHARED.is_dir():
        found |= {f"real: {path.name}": path.read_bytes() for path in sorted(SHARED.iterdir())}
    return found


@dataclass(frozen=True)
class Watched:
    """What was read of an image, and the modules that were imported meanwhile."""

    reading: Reading
    imported: list[str]


def build_watched(model_cache: Path) -> Callable[[bytes], Watched]:
    """A function that reads an image as a photo, and as a selfie."""
    read_photo = build_reader(model_cache=model_cache, limits=LIMITS)
    examine = build_examiner(model_cache=model_cache, limits=LIMITS)
    loaded = set(sys.modules)

    def watch(data: bytes) -> Watched:
        reading = read_photo(data)
        examine(data)
        return Watched(reading, sorted(set(sys.modules) - loaded))

    return watch


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@LINUX
@pytest.mark.parametrize("act", ACTS)
def test_the_child_is_denied(act: str) -> None:
    process = Sandbox(functools.partial(build_doer, act), str, timeout_s=20, memory_mb=1024)
    assert process.call(b"") == "PermissionError"
    process.close()


@pytest.mark.parametrize("act", [act for act in ACTS if act not in ("look into a process", "ask for a name")])
def test_control_an_unconfined_process_can(act: str) -> None:
    """Without confinement, each act succeeds."""
    program = f"from tests.kit.sandbox_acts import attempt\nprint(attempt({act!r}), flush=True)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.stdout.strip() in ("done", "")
    assert done.returncode == 0


@LINUX
def test_the_active_protections_are_reported() -> None:
    process = Sandbox(functools.partial(build_doer, "fork"), str, timeout_s=20, memory_mb=1024)
    process.start()
    assert [name for name in process.protections if name != "landlock"] == [
        "no_new_privileges",
        "limits",
        "system_calls",
    ]
    assert ("landlock" in process.protections) == bool(find_version(ctypes.CDLL(None)))
    process.close()


def test_every_kind_of_image_is_read_as_in_an_unconfined_process(models: Path) -> None:
    """The child cannot read files, so it must not import a module for an image either."""
    engine = Engine(model_cache=models)
    process = Sandbox(functools.partial(build_watched, models), Watched, 60, MEMORY_MB)
    try:
        for name, data in corpus().items():
            assert process.call(data) == Watched(read(engine, data, limits=LIMITS), []), name
    finally:
        process.close()


def test_a_logo_is_read_in_the_child() -> None:
    from kit.faces.logo_process import LogoProcess

    reading = LogoProcess().call(save(draw(), "PNG"))
    assert isinstance(reading, LogoReading)
    assert reading.reason is None
    assert Image.open(io.BytesIO(reading.png)).size == (reading.width, reading.height)
