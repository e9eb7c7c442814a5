import { text } from "#text";

import { root } from "./api";

/** Shows the page in the other language from now on. */
export function OtherLanguage() {
  const { code, name } = text.otherLanguage;
  const change = () => {
    document.cookie = `minois_lang=${code}; path=${root || "/"}; max-age=31536000; samesite=lax`;
    location.reload();
  };
  return (
    <footer>
      <button type="button" class="link" lang={code} onClick={change}>
        {name}
      </button>
    </footer>
  );
}
