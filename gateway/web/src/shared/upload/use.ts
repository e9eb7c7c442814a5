/** The state of an upload queue, kept up to date. */

import { useEffect, useState } from "preact/hooks";

import type { Snapshot, UploadQueue } from "./queue";

export function useQueue(queue: UploadQueue): Snapshot {
  const [snapshot, setSnapshot] = useState(queue.read());
  useEffect(() => {
    setSnapshot(queue.read());
    return queue.subscribe(() => setSnapshot(queue.read()));
  }, [queue]);
  return snapshot;
}
