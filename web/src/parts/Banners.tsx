// What is wrong with the connection, as long as it is.
import { useEffect, useState } from "preact/hooks";

import { reachable } from "../api/client";
import { connected } from "../store/live";
import { reload, trouble } from "../store/entries";

const PATIENCE = 2500;

export function Banners() {
  const [isAway, setAway] = useState(false);
  const isLost = !reachable.value || connected.value === false;
  useEffect(() => {
    if (!isLost) {
      setAway(false);
      return;
    }
    const soon = setTimeout(() => setAway(true), reachable.value ? PATIENCE : 0);
    return () => clearTimeout(soon);
  }, [isLost, reachable.value]);
  if (isAway) {
    return (
      <p class="banner" role="status">
        The server cannot be reached. You see what was read last; what you type is kept. Trying again…
      </p>
    );
  }
  if (!trouble.value) return null;
  return (
    <p class="banner" role="alert">
      {trouble.value}{" "}
      <button type="button" class="link" onClick={() => void reload()}>
        Try again
      </button>
    </p>
  );
}
