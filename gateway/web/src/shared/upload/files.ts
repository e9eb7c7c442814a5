/** The files of what was dropped or chosen, folders included. */

export interface Found {
  pictures: readonly File[];
  /** The names of files that are not pictures according to their names, such as sidecars. */
  skipped: readonly string[];
}

const PICTURE = /\.(jpe?g|png|webp|hei[cf]|avif)$/i;

export function sortFiles(files: Iterable<File>): Found {
  const all = [...files];
  const isPicture = ({ name }: File) => PICTURE.test(name) && !name.startsWith(".");
  const skipped = all.filter((file) => !isPicture(file)).map(({ name }) => name);
  return { pictures: all.filter(isPicture), skipped };
}

/** Must be called while handling the event: later its entries are no longer available. */
export async function readDrop(data: DataTransfer): Promise<Found> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) return sortFiles(data.files);
  const files: File[] = [];
  for (const entry of entries) if (entry) await collect(entry, files);
  return sortFiles(files);
}

async function collect(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (isFile(entry)) {
    // An unreadable file is skipped.
    await new Promise<void>((resolve) => entry.file((file) => (files.push(file), resolve()), () => resolve()));
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    // One call returns a part of a folder; none means the end.
    for (;;) {
      const part = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
      if (part.length === 0) return;
      for (const child of part) await collect(child, files);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
