import { useSyncExternalStore } from "react";
import { currentKey, onKeyChange } from "./key";

/** The key of this browser, or null while no user is logged in. */
export function useKey(): string | null {
  return useSyncExternalStore(onKeyChange, currentKey);
}
