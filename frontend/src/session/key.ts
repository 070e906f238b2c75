/**
 * The key of this browser: where it is kept, and how other files hear when it changes. No other file touches the storage.
 *
 * It is kept for the tabs of this dashboard, or for the browser if a person asked for that. A new tab gets it from one that is
 * open; with the last one it is gone. It is never put into an address.
 */

const NAME = "infrakt.key";

/** How long a new tab waits for another one to hand over the key. */
const HANDOVER_MS = 200;

type Listener = () => void;
const listeners = new Set<Listener>();
/** Why the last key was given up, for the page that asks for a new one. */
let farewell: string | null = null;

/** What tabs of the same origin say to each other. Pages from elsewhere can't listen. */
type Word = { say: "who has the key?" } | { say: "here it is"; key: string } | { say: "logged out" };

/** Null in a browser without it; then each tab asks for the key. */
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);

tabs?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  if (!isWord(data)) return;
  const own = currentKey();
  if (data.say === "who has the key?" && own !== null) say({ say: "here it is", key: own });
  if (data.say === "here it is" && own === null) {
    sessionStorage.setItem(NAME, data.key);
    tell();
  }
  if (data.say === "logged out" && own !== null) {
    giveUp();
    tell();
  }
});

export function currentKey(): string | null {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

/** Waits until another tab has handed over the key, but not for long. Does nothing if there is one here. */
export async function keyOfOtherTabs(): Promise<void> {
  if (tabs === null || currentKey() !== null) return;
  await new Promise<void>((resolve) => {
    const stop = onKeyChange(() => done());
    const timer = setTimeout(() => done(), HANDOVER_MS);
    function done(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
    say({ say: "who has the key?" });
  });
}

/** Keeps a key that the service has accepted. */
export function keepKey(key: string, onThisBrowser: boolean): void {
  farewell = null;
  (onThisBrowser ? localStorage : sessionStorage).setItem(NAME, key);
  (onThisBrowser ? sessionStorage : localStorage).removeItem(NAME);
  tell();
}

/** Gives the key up, in every tab of this browser. */
export function forgetKey(): void {
  farewell = null;
  giveUp();
  say({ say: "logged out" });
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

function giveUp(): void {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

function say(word: Word): void {
  tabs?.postMessage(word);
}

function tell(): void {
  for (const listener of listeners) listener();
}

function isWord(data: unknown): data is Word {
  if (typeof data !== "object" || data === null || !("say" in data)) return false;
  return data.say === "here it is" ? "key" in data && typeof data.key === "string" : true;
}
