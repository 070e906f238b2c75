/**
 * The key of this browser: where it is kept, and who is told when it comes and goes. Nobody else touches the storage.
 *
 * It is kept for the tab, or for the browser if a person asked for that. It is never put into an address.
 */

const NAME = "infrakt.key";

type Listener = () => void;
const listeners = new Set<Listener>();
/** Why the last key was given up, for the page that asks for a new one. */
let farewell: string | null = null;

export function currentKey(): string | null {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

/** Keeps a key that the service has accepted. */
export function keepKey(key: string, onThisBrowser: boolean): void {
  farewell = null;
  (onThisBrowser ? localStorage : sessionStorage).setItem(NAME, key);
  (onThisBrowser ? sessionStorage : localStorage).removeItem(NAME);
  tell();
}

/** Gives the key up, in every window of this browser that shares it. */
export function forgetKey(): void {
  farewell = null;
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
  tell();
}

/** Gives up a key that the service has refused, and no other: another window may have a newer one. */
export function refuseKey(key: string, reason: string): void {
  farewell = reason;
  for (const storage of [sessionStorage, localStorage]) {
    if (storage.getItem(NAME) === key) storage.removeItem(NAME);
  }
  tell();
}

export function lastFarewell(): string | null {
  return farewell;
}

export function onKeyChange(listener: Listener): () => void {
  listeners.add(listener);
  const elsewhere = (event: StorageEvent): void => {
    if (event.key === NAME || event.key === null) listener();
  };
  addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", elsewhere);
  };
}

function tell(): void {
  for (const listener of listeners) listener();
}
