/** The button of a section of the settings, with the result of its action. */

import { useState } from "preact/hooks";

import { Trouble } from "../shared/elements";
import { words } from "#words";

interface Ending {
  fault: unknown;
  isSaved: boolean;
}

/** Work that returns false was cancelled. */
export function useAttempt() {
  const [ending, setEnding] = useState<Ending>({ fault: undefined, isSaved: false });
  const attempt = (work: () => Promise<unknown>) => {
    setEnding({ fault: undefined, isSaved: false });
    work().then(
      (answer) => setEnding({ fault: undefined, isSaved: answer !== false }),
      (fault: unknown) => setEnding({ fault, isSaved: false }),
    );
  };
  return [ending, attempt] as const;
}

export function Outcome({ fault, isSaved }: Ending) {
  return (
    <>
      {fault ? <Trouble fault={fault} /> : null}
      <p role="status">{isSaved && words.settings.saved}</p>
    </>
  );
}
