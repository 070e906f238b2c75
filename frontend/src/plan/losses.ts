/** What a plan would delete, by kind, and how that differs between two plans. */

import type { Loss, LossKind, Losses } from "../api/types";

/** The kinds in the order in which people read them, with the words for one and for many. */
const KINDS: [LossKind, string, string][] = [
  ["containers", "container", "containers"],
  ["images", "image", "images"],
  ["volumes", "volume", "volumes"],
  ["networks", "network", "networks"],
  ["stacks", "stack", "stacks"],
  ["services", "service", "services"],
  ["secrets", "secret", "secrets"],
  ["configs", "config", "configs"],
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

/** What would be deleted; empty kinds are left out. */
export function lossGroups(losses: Losses): LossGroup[] {
  return KINDS.flatMap(([kind, one, many]) => {
    const group = losses[kind];
    if (group.length === 0) return [];
    return [{ kind, title: `${group.length} ${group.length === 1 ? one : many}`, losses: group }];
  });
}

/** What is lost with `now` and was not with `before`, as `volume pgdata`; by name, identity and size, as the service compares. */
export function newLosses(before: Losses, now: Losses): string[] {
  return KINDS.flatMap(([kind, one]) =>
    now[kind].flatMap((loss) => newOf(loss, before[kind]).map((what) => `${one} ${what}`)),
  );
}

function newOf(loss: Loss, before: Loss[]): string[] {
  const named = before.filter((then) => then.name === loss.name);
  if (named.length === 0) return [loss.name];
  const then = named.find((one) => (one.identity ?? null) === (loss.identity ?? null));
  if (then === undefined) return [`${loss.name} (created again since)`];
  const known = new Map((then.entries ?? []).map((entry) => [entry.path, entry.modified]));
  const entries = (loss.entries ?? []).flatMap(({ path, modified }) => {
    if (!known.has(path)) return [`${loss.name}/${path}`];
    return known.get(path) === modified ? [] : [`${loss.name}/${path} (changed since)`];
  });
  if (entries.length > 0) return entries;
  const [was, is] = [then.bytes ?? null, loss.bytes ?? null];
  const grew = was !== null && is !== null && is > was + Math.max(NOISE_BYTES, was / 10);
  return grew ? [`${loss.name} (grew to ${loss.detail ?? "more"})`] : [];
}

/** Growth up to this, or up to a tenth, is noise; as in src/plan/new_losses.rs. */
const NOISE_BYTES = 1_000_000;

/** Names that were lost with `before` and are not with `now`. */
export function lostNames(now: Losses, before: Losses): string[] {
  return KINDS.flatMap(([kind, one]) => {
    const known = new Set(now[kind].map((loss) => loss.name));
    return before[kind].filter((loss) => !known.has(loss.name)).map((loss) => `${one} ${loss.name}`);
  });
}
