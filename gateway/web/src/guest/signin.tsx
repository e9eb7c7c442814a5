/** `/sign-in#TOKEN`: signs this device in. The token stands in the fragment, which no server and no preview sees. */

import { text } from "#text";
import { useEffect, useState } from "preact/hooks";

import { api, ask, root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";

export function SignIn() {
  const [fault, setFault] = useState<unknown>();
  const signIn = () => {
    setFault(undefined);
    const token = location.hash.slice(1);
    const isOrganiser = new URLSearchParams(location.search).get("to") === "organiser"; // as an e-mail says
    ask(api.POST("/api/sign-in", { body: { token } })).then(
      ({ event_id }) => location.replace(isOrganiser ? `${root}/organiser` : event_id ? `${root}/my/${event_id}` : `${root}/`),
      setFault,
    );
  };
  useEffect(signIn, []);
  return (
    <Screen heading={text.signIn.heading}>
      {fault ? (
        <>
          <Trouble fault={fault} onRetry={signIn} />
          <a href={`${root}/`}>{text.signIn.again}</a>
        </>
      ) : (
        <Waiting>{text.signIn.working}</Waiting>
      )}
    </Screen>
  );
}
