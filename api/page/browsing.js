/** What the browser tells and is told: address, going back, focus, whether there is a connection. */

import { useEffect, useLayoutEffect, useRef, useState } from "./library.js";
import { fromAddress, toAddress } from "./remembering.js";

/** Keep the address in step; going back closes what was opened, and closing it goes back. */
export function useAddress(here, onGone) {
  const address = toAddress(here);
  const before = useRef(here.mentor);
  useEffect(() => {
    const differs = location.search !== (address === location.pathname ? "" : address);
    if (differs && !here.mentor && before.current && history.state?.deeper) history.back();
    else if (differs && here.mentor && here.mentor !== before.current) {
      history.pushState({ deeper: true }, "", address);
    } else if (differs) history.replaceState(history.state, "", address);
    before.current = here.mentor;
  }, [address]);
  useEffect(() => {
    const gone = () => {
      const there = fromAddress(location.search);
      before.current = there.mentor;
      onGone(there);
    };
    addEventListener("popstate", gone);
    return () => removeEventListener("popstate", gone);
  }, []);
}

export function useOnline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

/**
 * Where the keyboard goes when the page has been drawn anew; what had the focus may be gone by then.
 *
 * `to` moves it in any case, `unlessKept` where nothing has it any more. Both take what finds the
 * element, and are called before the change that draws.
 */
export function useLanding() {
  const wanted = useRef(null);
  useLayoutEffect(() => {
    const { find, always } = wanted.current ?? {};
    wanted.current = null;
    if (find && (always || isLost())) find()?.focus();
  });
  return {
    to: (find) => {
      wanted.current = { find, always: true };
    },
    unlessKept: (find) => {
      wanted.current = { find, always: false };
    },
  };
}

/** Whether nothing on the page has the focus. */
function isLost() {
  return !document.activeElement || document.activeElement === document.body;
}

/** A sentence for screen readers, and how to change it; the same one twice is two sentences. */
export function useSaying() {
  const [{ text, again }, set] = useState({ text: "", again: false });
  const say = (next) => set((before) => ({ text: next, again: !before.again }));
  return [again ? `${text}\u00a0` : text, say];
}
