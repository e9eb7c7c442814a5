/** The account of the organiser: devices, password and e-mail address. */

import { text } from "#text";

import { Credentials, Devices } from "../shared/account";
import { Screen } from "../shared/elements";
import type { Me } from "../shared/session";
import { words } from "#words";
import { follow } from "./navigation";

export function MyAccount({ me, onChange }: { me: Me; onChange: () => void }) {
  return (
    <Screen heading={text.account.heading}>
      <a class="back" {...follow({ kind: "events" })}>
        {words.tabs.back}
      </a>
      <Devices />
      {me.username && <Credentials username={me.username} email={me.email} onChange={onChange} />}
    </Screen>
  );
}
