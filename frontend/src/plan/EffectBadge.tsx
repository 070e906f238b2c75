import type { Effect, Mark } from "../api/types";
import { Badge, type Tone } from "../components/Badge";
import { mayChange } from "./summary";

const TONES: Record<Effect, Tone> = { check: "check", change: "change", destroy: "destroy" };
const WORDS: Record<Effect, string> = { check: "check", change: "change", destroy: "destroy" };
const SIGNS: Record<Effect, string> = { check: "○", change: "△", destroy: "✕" };

/** What a step does: it checks, changes or destroys. With a mark, whether it would, and on which condition. */
export function EffectBadge({
  effect,
  mark = null,
  condition = null,
}: {
  effect: Effect;
  mark?: Mark | null;
  condition?: string | null;
}) {
  if (mark === "would_fail")
    return (
      <Badge tone="destroy" icon="!">
        would fail
      </Badge>
    );
  const suffix = condition !== null && `, ${condition}`;
  if (mark === "no_change") return <Badge icon="=">no change{suffix}</Badge>;
  return (
    <Badge tone={TONES[effect]} icon={SIGNS[effect]}>
      {mark !== null && mayChange(mark) && effect === "change" ? "would change" : WORDS[effect]}
      {suffix}
    </Badge>
  );
}
