/** The next steps in an event without photos. */

import { words } from "#words";
import { follow } from "./navigation";

export function NextSteps({ eventId }: { eventId: string }) {
  return (
    <ol class="next">
      <li>{words.begin.add}</li>
      <li>
        {words.begin.hang} <a {...follow({ kind: "event", eventId, tab: "poster" })}>{words.begin.toPoster}</a>
      </li>
      <li>{words.begin.find}</li>
    </ol>
  );
}
