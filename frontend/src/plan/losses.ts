/** What a plan would take away, by kind, and what became of it between two plans. */

import type { Loss, LossKind, Losses } from "../api/types";

/** The kinds in the order in which people read them, with the words for one and for many. */
const KINDS: [LossKind, string, string][] = [
  ["containers", "container", "containers"],
  ["images", "image", "images"],
  ["volumes", "volume", "volumes"],
  ["networks", "network", "networks"],
  ["paths", "path", "paths"],
  ["apps", "app", "apps"],
  ["deployments", "deployment", "deployments"],
  ["env_files", "env file", "env files"],
];

export interface LossGroup {
  kind: LossKind;
  /** `6 containers` */
  title: string;
  losses: Loss[];
}

/** What there is to lose; kinds of which there is nothing are left out. */
export function lossGroups(losses: Losses): LossGroup[] {
  return KINDS.flatMap(([kind, one, many]) => {
    const group = losses[kind];
    if (group.length === 0) return [];
    return [{ kind, title: `${group.length} ${group.length === 1 ? one : many}`, losses: group }];
  });
}

/** Names that are lost with `now` and were not with `before`, as `volume pgdata`. */
export function newLosses(before: Losses, now: Losses): string[] {
  return KINDS.flatMap(([kind, one]) => {
    const known = new Set(before[kind].map((loss) => loss.name));
    return now[kind].filter((loss) => !known.has(loss.name)).map((loss) => `${one} ${loss.name}`);
  });
}
