/** Which photos are selected, and which of them has the keyboard. */

import { useCallback, useState } from "preact/hooks";

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  /** From the photo that was toggled last to this one. */
  extend: (id: string) => void;
  set: (ids: readonly string[]) => void;
  clear: () => void;
}

/** `order`: ids of the photos as they are shown. */
export function useSelection(order: readonly string[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const [anchor, setAnchor] = useState<string>();

  const toggle = (id: string) => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    setIds(next);
    setAnchor(id);
  };
  const extend = (id: string) => {
    const [from, to] = [order.indexOf(anchor ?? id), order.indexOf(id)].sort((a, b) => a - b);
    setIds(new Set([...ids, ...order.slice(from, (to ?? 0) + 1)]));
  };
  const set = useCallback((chosen: readonly string[]) => setIds(new Set(chosen)), []);
  const clear = useCallback(() => setIds(new Set()), []);
  return { ids, toggle, extend, set, clear };
}
