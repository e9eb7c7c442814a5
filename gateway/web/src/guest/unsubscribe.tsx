/** `/unsubscribe#TOKEN`: no more e-mail about an event. Only the button unsubscribes, so previews of the link do not. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask, root } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import { OtherLanguage } from "../shared/language";

export function Unsubscribe() {
  const [isDone, setDone] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const unsubscribe = () => {
    setFault(undefined);
    const token = location.hash.slice(1) || "-";
    ask(api.POST("/api/unsubscribe/{token}", { params: { path: { token } } })).then(() => setDone(true), setFault);
  };
  return (
    <Screen heading={text.unsubscribe.heading}>
      {fault ? <Trouble fault={fault} /> : null}
      <p role="status">{isDone ? text.unsubscribe.done : text.unsubscribe.question}</p>
      {isDone ? (
        <a href={`${root}/`}>{text.unsubscribe.home}</a>
      ) : (
        <button type="button" class="primary" onClick={unsubscribe}>
          {text.unsubscribe.confirm}
        </button>
      )}
      <OtherLanguage />
    </Screen>
  );
}
