import type { Recipe } from "../api/types";
import { Badge } from "../components/Badge";

/** Whose recipe it is. */
export function KeeperBadge({ recipe }: { recipe: Recipe }) {
  if (recipe.kept_by === "shipped") return <Badge>infrakt</Badge>;
  return <Badge tone="accent">{recipe.overrides_shipped ? "you, in place of infrakt’s" : "you"}</Badge>;
}
