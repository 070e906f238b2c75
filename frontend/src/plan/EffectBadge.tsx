import type { Effect } from "../api/types";
import { Badge, type Tone } from "../components/Badge";

const TONES: Record<Effect, Tone> = { read: "read", change: "change", destroy: "destroy" };
const WORDS: Record<Effect, string> = { read: "looks", change: "changes", destroy: "destroys" };
const SIGNS: Record<Effect, string> = { read: "○", change: "△", destroy: "✕" };

/** What a step does to the world: it looks, changes or destroys. */
export function EffectBadge({ effect }: { effect: Effect }) {
  return (
    <Badge tone={TONES[effect]} icon={SIGNS[effect]}>
      {WORDS[effect]}
    </Badge>
  );
}
