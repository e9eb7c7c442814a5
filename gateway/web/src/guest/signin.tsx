/** `/sign-in#TOKEN`: signs this device in. The token is in the fragment, which servers and previews never receive. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { loadSession } from "../shared/session";

export function SignIn() {
  const [fault, setFault] = useState<unknown>();
  const [isTaken, setTaken] = useState(false);
  const signIn = useCallback(() => {
    setFault(undefined);
    setTaken(false);
    const token = location.hash.slice(1);
    const isOrganiser = new URLSearchParams(location.search).get("to") === "organiser"; // as an e-mail says
    ask(api.POST("/api/sign-in", { body: { token } })).then(
      ({ event_id }) => location.replace(isOrganiser ? `${root}/organiser` : event_id ? `${root}/my/${event_id}` : `${root}/`),
      setFault,
    );
  }, []);
  const begin = useCallback(() => {
    setFault(undefined);
    loadSession().then(({ me }) => (me ? setTaken(true) : signIn()), setFault);
  }, [signIn]);
  useEffect(begin, [begin]);
  return (
    <Screen heading={text.signIn.heading}>
      {isTaken ? (
        <>
          <p>{text.signIn.taken}</p>
          <button type="button" class="primary" onClick={signIn}>
            {text.signIn.replace}
          </button>
          <a class="button" href={`${root}/`}>
            {text.signIn.stay}
          </a>
        </>
      ) : fault ? (
        <Trouble fault={fault} onRetry={begin} />
      ) : (
        <Waiting>{text.signIn.working}</Waiting>
      )}
    </Screen>
  );
}
