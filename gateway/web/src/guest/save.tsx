/** Save all: a ZIP, or on an iPhone the share sheet, 25 photos at a time. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { followDownload, root } from "../shared/api";
import { Trouble } from "../shared/elements";
import { fetchAll, type Order, type Photo } from "./photos";
import { canShare, fetchFile, share } from "./share";

const BATCH = 25;

interface SaveProps {
  eventId: string;
  order: Order;
  /** None: the guest. */
  person?: string;
  onFault: (fault: unknown) => void;
}

export function SaveAll({ eventId, order, person, onFault }: SaveProps) {
  const [isOpen, setOpen] = useState(false);
  const zip = `${root}/api/my-photos.zip?event_id=${eventId}${person ? `&person=${person}` : ""}`;
  if (!canShare()) {
    return (
      <a class="button" href={zip} onClick={(event) => followDownload(event, zip, onFault)}>
        {text.gallery.saveAll}
      </a>
    );
  }
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} aria-expanded={isOpen}>
        {text.gallery.saveAll}
      </button>
      {isOpen && <ShareInBatches eventId={eventId} order={order} person={person} zip={zip} onClose={() => setOpen(false)} />}
    </>
  );
}

type Step =
  | { name: "idle" }
  | { name: "fetching"; done: number; all: number }
  | { name: "ready"; files: File[]; from: number; photos: readonly Photo[] }
  | { name: "done" };

interface Props {
  eventId: string;
  order: Order;
  person?: string;
  zip: string;
  onClose: () => void;
}

/** Files are fetched before the tap that shares them, because a tap permits sharing for only five seconds. */
function ShareInBatches({ eventId, order, person, zip, onClose }: Props) {
  const [step, setStep] = useState<Step>({ name: "idle" });
  const [fault, setFault] = useState<unknown>();

  const prepare = async (from: number, known?: readonly Photo[]) => {
    setFault(undefined);
    try {
      const photos = known ?? (await fetchAll(eventId, order, person));
      if (from >= photos.length) return setStep({ name: "done" });
      const batch = photos.slice(from, from + BATCH);
      const files: File[] = [];
      for (const photo of batch) {
        setStep({ name: "fetching", done: from + files.length + 1, all: photos.length });
        files.push(await fetchFile(photo));
      }
      setStep({ name: "ready", files, from, photos });
    } catch (error) {
      setFault(error);
      setStep({ name: "idle" });
    }
  };
  const hand = async (files: File[], from: number, photos: readonly Photo[]) => {
    if (await share(files)) await prepare(from + files.length, photos);
  };

  return (
    <section class="sheet" aria-label={text.save.heading}>
      <h2>{text.save.heading}</h2>
      {fault ? <Trouble fault={fault} onRetry={() => void prepare(0)} /> : null}
      {step.name === "idle" && (
        <button type="button" class="primary" onClick={() => void prepare(0)}>
          {text.gallery.saveAll}
        </button>
      )}
      {step.name === "fetching" && <p role="status">{text.save.preparing(step.done, step.all)}</p>}
      {step.name === "ready" && (
        <button type="button" class="primary" onClick={() => void hand(step.files, step.from, step.photos)}>
          {text.save.share(step.from + 1, step.from + step.files.length)}
        </button>
      )}
      {step.name === "done" && <p role="status">{text.save.done}</p>}
      <a class="button" href={zip} onClick={(event) => followDownload(event, zip, setFault)}>
        {text.save.asZip}
      </a>
      <button type="button" class="quiet" onClick={onClose}>
        {text.save.close}
      </button>
    </section>
  );
}
