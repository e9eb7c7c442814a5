"""`make bench`: the cost of reading and searching, compared with peers in one run on one thread."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib
from rich.console import Console
from rich.table import Table

from deploy.sample.event import SamplePhoto, load_photos, sample_event
from tests.bench import bench_encode, bench_growth, bench_load, bench_photo, bench_rematch, bench_search
from tests.bench.database import bench_database

CACHE = Path("var/sample")
OUT = Path("var/bench")
LABELLED = Path("../shared/faces")
LARGE_PHOTOS = 4
PHOTOS_EACH = 12
ENCODE_GOAL, PHOTO_GOAL = 12, 4

console = Console(width=110, highlight=False)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    photos = [*sample_event(CACHE).photos, *load_photos(CACHE, 8)]
    found: dict[str, Any] = {
        "encode": bench_encode.run(),
        "photo_1mp": bench_photo.run({photo.name: photo.jpeg for photo in photos}),
        "photo_12mp": bench_photo.run(large := enlarge_some(photos)),
        "photos_12mp_per_s_2_processes": photos_per_s(large),
        "search": bench_search.run(),
    }
    with bench_database() as database:
        database.commit_safely(False)
        found["load"] = bench_load.run(database)
        database.commit_safely(True)
        found["rematch"] = bench_rematch.run(database, photos)
        found["growth"] = bench_growth.run(database)
    if LABELLED.is_dir():
        groups = {path.name: path.read_bytes() for path in sorted(LABELLED.rglob("*.jpg"))}
        found["photo_labelled"] = bench_photo.run(groups, rounds=1)
    console.print(tabulate(found))
    console.print(tabulate_events(found))
    plot(found["search"], OUT / "search.png")
    console.print(f"Versions: {versions(found)}. The plot is {OUT / 'search.png'}.")
    print(json.dumps(summarise(found)))


def enlarge_some(photos: list[SamplePhoto]) -> dict[str, bytes]:
    """Some of the photos with faces, at 12 megapixels."""
    return {photo.name: bench_photo.enlarge(photo.jpeg) for photo in photos[3 : 3 + LARGE_PHOTOS]}


def photos_per_s(photos: dict[str, bytes]) -> float:
    """12 MP photos per second, derivatives included, with two processes on this machine."""
    folder = OUT / "large"
    folder.mkdir(exist_ok=True)
    for name, data in photos.items():
        (folder / name).write_bytes(data)
    command = [sys.executable, "-m", "tests.bench.reader", str(folder), str(PHOTOS_EACH)]
    readers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        reader.stdout.readline()  # waits until its engine is loaded
    started = time.perf_counter()
    for reader in readers:
        assert reader.stdin is not None
        reader.stdin.close()
    for reader in readers:
        reader.wait()
        assert reader.stdout is not None
        reader.stdout.close()
    return 2 * PHOTOS_EACH / (time.perf_counter() - started)


def summarise(found: dict[str, Any]) -> dict[str, Any]:
    """The figures of the last line."""
    encode, search = found["encode"], found["search"]
    return {
        "encode_times_dlib": round(encode["dlib_over_encoder_batch"], 1),
        "encode_one_face_times_face_recognition": round(encode["face_recognition_over_engine_one_face"], 1),
        "encode_8_faces_times_face_recognition": round(encode["face_recognition_over_engine_8_faces"], 1),
        "encode_over_matrix_product": round(encode["encoder_batch_over_matrix_product"], 2),
        "encode_largest_difference": encode["largest_difference_to_dlib"],
        **{
            f"{name}_times_face_recognition": round(found[name]["ratio_median"], 2)
            for name in ("photo_1mp", "photo_12mp", "photo_labelled")
            if name in found
        },
        **{
            f"{name}_faces": [found[name]["faces"], found[name]["face_recognition_faces"]]
            for name in ("photo_1mp", "photo_12mp", "photo_labelled")
            if name in found
        },
        "photos_12mp_per_s_2_processes": round(found["photos_12mp_per_s_2_processes"], 2),
        **{f"search_{size}_times_faiss": one["times_faiss"] for size, one in search.items()},
        **{f"search_{size}_times_face_recognition": one["times_face_recognition"] for size, one in search.items()},
        "bytes_per_face": search["100000"]["bytes_per_face"],
        **{f"load_{size}_{name}": value for size, one in found["load"].items() for name, value in one.items()},
        **{f"growth_{name}": one["exponent"] for name, one in found["growth"].items()},
        **found["rematch"],
    }


def tabulate(found: dict[str, Any]) -> Table:
    """The measurements: ours, the peer's, and the ratio."""
    table = Table("what", title="milliseconds, medians of one run on one thread", title_justify="left")
    for column in ("ours", "peer", "times", "peer is"):
        table.add_column(column, justify="left" if column == "peer is" else "right")
    ms = found["encode"]["ms"]
    for name, ours, theirs, peer in (
        ("encode a face of 16", ms["encoder_batch_of_16"] / 16, ms["dlib_one_face"], "dlib"),
        ("encode a photo's one face", ms["engine_one_face"], ms["face_recognition_one_face"], "face_recognition"),
        ("encode a photo's 8 faces", ms["engine_8_faces"], ms["face_recognition_8_faces"], "face_recognition"),
    ):
        table.add_row(name, f"{ours:.2f}", f"{theirs:.1f}", f"{theirs / ours:.1f}", peer)
    for name in ("photo_1mp", "photo_12mp", "photo_labelled"):
        if one := found.get(name):
            ours, theirs = one["ms"]["ours"], one["ms"]["face_recognition"]
            ratio = f"{one['ratio_median']:.2f}"
            table.add_row(name.replace("_", " "), f"{ours:.0f}", f"{theirs:.0f}", ratio, "face_recognition")
            stages = ", ".join(f"{stage} {one['ms'][stage]:.0f}" for stage in ("decode", "detect", "encode"))
            table.add_row(f"  {stages}", "", "", "", f"faces {one['faces']} : {one['face_recognition_faces']}")
    for size, one in found["search"].items():
        for peer in ("faiss", "face_recognition"):
            cells = f"{one['minois_ms']:.2f}", f"{one[f'{peer}_ms']:.2f}", f"{one[f'times_{peer}']}"
            table.add_row(f"search {int(size):,} faces", *cells, peer)
    rematch = found["rematch"]
    old = f"{rematch['old_way_ms']:,}", f"{rematch['old_way_over_rematch']:,}", "reading 2 000 photos again"
    table.add_row("rematch, 10 000 faces", f"{rematch['rematch_ms']:.1f}", *old)
    return table


def tabulate_events(found: dict[str, Any]) -> Table:
    """The cost of large events: their load into memory, and the growth of the other costs."""
    table = Table("what", "measured", title="large events", title_justify="left")
    for size, one in found["load"].items():
        measured = f"{one['ms']:,.0f} ms, {one['peak_mb']:.0f} MB at the peak, {one['index_mb']:.0f} MB of it the index"
        count, _, faces = size.rpartition("x")
        table.add_row(f"cold load, {f'{count} concurrently, ' if count else ''}{int(faces):,} faces", measured)
    for name, one in found["growth"].items():
        unit, sizes = next(iter(one.items()))
        times = ", ".join(f"{ms:.1f}" for ms in one["ms"])
        range_ = f"{sizes[0]:,} to {sizes[-1]:,} {unit}"
        table.add_row(f"growth, {name.replace('_', ' ')}", f"exponent {one['exponent']:.2f} ({range_}: {times} ms)")
    return table


def plot(search: dict[str, Any], path: Path) -> None:
    """Cost against size, for time and for memory."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (times, memory) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    sizes = [int(size) for size in search]
    for name in ("minois", "faiss", "face_recognition"):
        times.loglog(sizes, [one[f"{name}_ms"] for one in search.values()], marker="o", label=name)
    times.set(xlabel="faces in the event", ylabel="ms for one selfie, one thread", title="Search")
    times.legend()
    held = [size * one["bytes_per_face"] / 2**20 for size, one in zip(sizes, search.values(), strict=True)]
    memory.loglog(sizes, held, marker="o")
    memory.set(xlabel="faces in the event", ylabel="MiB", title="Memory of the index")
    figure.savefig(path, dpi=120)


def versions(found: dict[str, Any]) -> str:
    named = {**found["encode"]["versions"], **found["photo_1mp"]["versions"], **bench_search.versions()}
    return ", ".join(f"{name} {version}" for name, version in sorted(named.items()))


if __name__ == "__main__":
    main()
