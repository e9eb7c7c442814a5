/** Setup of the first organiser, with the code from the log of the installation. */

import { useState } from "preact/hooks";

import { api, ask } from "../shared/api";
import { Screen } from "../shared/elements";
import { OtherLanguage } from "../shared/language";
import { words } from "#words";
import { AccountForm, type UserData } from "./account";

export function FirstOrganiser({ onDone }: { onDone: () => Promise<void> }) {
  const [code, setCode] = useState("");
  const create = async (user_data: UserData) => {
    await ask(api.POST("/api/first-organiser", { body: { code, user_data } }));
    await onDone();
  };
  return (
    <Screen heading={words.first.heading}>
      <p>{words.first.intro}</p>
      <AccountForm submit={words.first.submit} onSubmit={create}>
        <label for="code">{words.first.code}</label>
        <input
          id="code"
          type="text"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          maxLength={64}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          aria-describedby="code-detail"
          required
        />
        <p id="code-detail" class="quiet">
          {words.first.codeDetail}
        </p>
      </AccountForm>
      <OtherLanguage />
    </Screen>
  );
}
