"""`make cluster-test`: Minois on a real Kubernetes of one node, from nothing to an upgrade, with figures."""

import argparse
import shutil
import signal
import tempfile
from pathlib import Path

from deploy.sample import sample_event
from tests.cluster import kubernetes, tools
from tests.cluster.node import require_node
from tests.cluster.real import cluster
from tests.cluster.trials import disturb, restart_everything, step, survive, upgrade, walk


def main() -> int:
    """The exit code; 0 as well where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", default="localhost/minois:dev", help="an image that buildah knows")
    image = parser.parse_args().image
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the node is removed in any case
    folder = Path(tempfile.mkdtemp(prefix="mn-cluster-", dir="/var/tmp"))
    try:
        require_node()
        kubernetes.install()
        faults = run(image, folder)
    except tools.NoProgram as reason:
        print(f"cluster-test is skipped: {reason}")
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(faults) or "Nothing failed.")
    return 1 if faults else 0


def run(image: str, folder: Path) -> list[str]:
    """What is wrong. Raises NoProgram."""
    sample = sample_event(Path("var") / "sample")
    with cluster(image, folder) as minois, minois.explained():
        with step("from applying on an empty cluster until everything is ready"):
            minois.make_secrets()
            minois.apply(minois.manifests)
        minois.read_env()
        with step("the journey"):
            faults = walk(minois, sample)
        faults += disturb(minois, sample, "a rolling restart of everything", restart_everything)
        faults += disturb(minois, sample, "an upgrade with a migration", upgrade)
        faults += survive(minois, sample)
        for name, peak_mb in sorted(minois.node.peaks_mb().items()):
            print(f"  at most {peak_mb:.0f} MiB: {name}")
    return faults


if __name__ == "__main__":
    raise SystemExit(main())
