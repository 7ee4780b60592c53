/** What the browser tells and is told: the address, going back, and whether there is a connection. */

import { useEffect, useRef, useState } from "./library.js";
import { fromAddress, toAddress } from "./remembering.js";

/** Keep the address in step; going back closes what was opened. */
export function useAddress(here, onGone) {
  const address = toAddress(here);
  const before = useRef(here.mentor);
  useEffect(() => {
    if (location.search !== address && !(address === location.pathname && !location.search)) {
      const deeper = here.mentor && here.mentor !== before.current;
      history[deeper ? "pushState" : "replaceState"](null, "", address);
    }
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
