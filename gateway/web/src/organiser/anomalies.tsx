/** Anomalies: accounts with the same face, and phones with many guests. */

import { useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { words } from "#words";

export type Found = Schemas["Anomalies"];

const ID = "anomalies";

/** Read again with each version; a failed read is ignored. */
export function useAnomalies(eventId: string, version: string): Found | undefined {
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    let isCurrent = true;
    ask(api.GET("/api/events/{event_id}/anomalies", { params: { path: { event_id: eventId } } })).then(
      (answer) => isCurrent && setFound(answer),
      () => undefined,
    );
    return () => void (isCurrent = false);
  }, [eventId, version]);
  return found;
}

function count(found: Found | undefined): number {
  return (found?.same_face?.length ?? 0) + (found?.two_faces?.length ?? 0) + (found?.same_phone.length ?? 0);
}

/** The hint next to the heading of the guests, since the list of anomalies is below them. */
export function AnomaliesLink({ found }: { found: Found | undefined }) {
  if (!count(found)) return null;
  const show = () => {
    const section = document.getElementById(ID);
    section?.scrollIntoView();
    section?.querySelector("h2")?.focus({ preventScroll: true });
  };
  return (
    <button type="button" class="link" onClick={show}>
      {words.anomalies.link(count(found))}
    </button>
  );
}

export function Anomalies({ found }: { found: Found | undefined }) {
  if (!found || !count(found)) return null;
  return (
    <section id={ID} class="anomalies">
      <h2 tabIndex={-1}>{words.anomalies.heading}</h2>
      <p class="quiet">{words.anomalies.detail}</p>
      <ul>
        {found.same_face?.map(({ accounts }) => (
          <li key={keyOf(accounts)}>{words.anomalies.face(accounts.length, namesOf(accounts))}</li>
        ))}
        {found.two_faces?.map(({ account, photos }) => (
          <li key={`two ${account.user_id}`}>{words.anomalies.twoFaces(namesOf([account]), photos)}</li>
        ))}
        {found.same_phone.map(({ accounts }) => (
          <li key={keyOf(accounts)}>{words.anomalies.phone(accounts.length, namesOf(accounts))}</li>
        ))}
      </ul>
    </section>
  );
}

type Accounts = Schemas["SharedBy"]["accounts"];

function keyOf(accounts: Accounts): string {
  return accounts.map(({ user_id }) => user_id).join();
}

function namesOf(accounts: Accounts): string {
  return accounts.map(({ username, display_name }) => username || display_name || words.guests.unnamed).join(", ");
}
