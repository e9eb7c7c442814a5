/** New versions that cannot be read, of the photos that are loaded. */

import { words } from "#words";
import type { Photo } from "./list";

export function FailedVersions({ photos }: { photos: readonly Photo[] }) {
  const failed = photos.filter(({ new_version }) => new_version === "failed");
  if (failed.length === 0) return null;
  return (
    <details class="failures" open>
      <summary>{words.photos.failedVersions(failed.length)}</summary>
      <p>{words.photos.failedVersionsDetail}</p>
      <ul>
        {failed.map(({ id, filename, new_version_reason: reason }) => (
          <li key={id}>
            <strong>{filename}</strong> {words.photoReasons[reason ?? ""] ?? words.photoReasons.unreadable}
          </li>
        ))}
      </ul>
    </details>
  );
}
