import type { Recipe } from "../api/types";
import { Badge } from "../components/Badge";

/** Who wrote the recipe. */
export function KeeperBadge({ recipe }: { recipe: Recipe }) {
  if (recipe.kept_by === "shipped") return <Badge>infrakt</Badge>;
  return <Badge tone="accent">{recipe.overrides_shipped ? "yours, replaces infrakt’s" : "yours"}</Badge>;
}
