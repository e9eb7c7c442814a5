/** A button that copies an address. */

import { useState } from "preact/hooks";

import { words } from "#words";

export function CopyButton({ value, label }: { value: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  if (!("clipboard" in navigator)) return null; // outside a secure context; the address is shown as well
  const copy = () => void navigator.clipboard.writeText(value).then(() => setCopied(true));
  return (
    <button type="button" onClick={copy}>
      {isCopied ? words.copied : label}
    </button>
  );
}
