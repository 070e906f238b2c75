import { createContext, useContext } from "react";

export const Announce = createContext<(text: string) => void>(() => undefined);

/** A function that says that something was done: "prod-2 was removed." */
export function useAnnounce(): (text: string) => void {
  return useContext(Announce);
}
