"""`make cluster-test`: installs and tests Minois on a real Kubernetes of one node, with measurements."""

import argparse
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.sample.event import SampleEvent, sample_event
from tests.cluster import archives, kubernetes, tools
from tests.cluster.images import IMAGE
from tests.cluster.maintenance import drain, roll_back, upgrade
from tests.cluster.node import require_node
from tests.cluster.operations import lose_and_restore, replace_master_key, scale
from tests.cluster.real import Installation, cluster
from tests.cluster.trials import install, rotate, step, survive, under_use, walk

TRIALS: dict[str, Callable[[Installation, SampleEvent], list[str]]] = {
    "rotate": under_use("a new key of auth, with three restarts of everything", rotate),
    "master-key": replace_master_key,
    "scale": scale,
    "restore": lose_and_restore,
    "upgrade": under_use("an upgrade with a migration", upgrade),
    "rollback": roll_back,
    "drain": under_use("a node drained with two replicas of each process, and back to one", drain),
    "kill": survive,
}


def main() -> int:
    """Returns the exit code, which is also 0 if a tool is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--image", default=IMAGE, help="an image in buildah's storage; default: that of `make image-test`"
    )
    parser.add_argument("--only", nargs="+", choices=TRIALS, default=list(TRIALS), help="trials to run afterwards")
    chosen = parser.parse_args()
    try:
        trials = in_order(chosen.only)
    except ValueError as fault:
        parser.error(str(fault))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the node is removed in any case
    folder = Path(tempfile.mkdtemp(prefix="mn-cluster-", dir="/var/tmp"))
    try:
        require_node()
        archives.require_image(chosen.image)
        kubernetes.install()
        faults = run(chosen.image, folder, trials)
    except tools.NoProgram as reason:
        print(f"cluster-test is skipped: {reason}")
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(faults) or "Nothing failed.")
    return 1 if faults else 0


def in_order(chosen: Sequence[str]) -> list[str]:
    """Trials in the order of TRIALS, each once. Raises ValueError if a required trial is missing."""
    if "rollback" in chosen and "upgrade" not in chosen:
        raise ValueError("rollback needs upgrade before it")
    return [name for name in TRIALS if name in chosen]


def run(image: str, folder: Path, chosen: Sequence[str]) -> list[str]:
    """Returns the faults. Raises NoProgram."""
    sample = sample_event(Path("var") / "sample")
    with cluster(image, folder) as minois, minois.explained():
        install(minois)
        with step("guests find their photos"):
            faults = walk(minois, sample)
        for name in chosen:
            faults += (found := TRIALS[name](minois, sample))
            print("\n".join(found) or f"{name}: nothing failed", flush=True)
        for name, peak_mb in sorted(minois.node.peaks_mb().items()):
            print(f"  at most {peak_mb:.0f} MiB: {name}")
    return faults


if __name__ == "__main__":
    raise SystemExit(main())
