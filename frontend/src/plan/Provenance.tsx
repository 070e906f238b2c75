import type { Plan } from "../api/types";
import { Notice } from "../components/Notice";
import { printable } from "../text/printable";

/** Who wrote the recipe and its modules, where that is not infrakt and the recipe's name does not say so. */
export function Provenance({ plan }: { plan: Plan }) {
  const { recipe } = plan;
  const modules = Object.entries(recipe.sources).filter(
    ([name, source]) => name !== recipe.name && source.kept_by !== "shipped",
  );
  if (!recipe.overrides_shipped && modules.length === 0) return null;
  return (
    <Notice title="Not all of this is infrakt’s own">
      {recipe.overrides_shipped && (
        <p>{printable(recipe.name)} is yours, in place of infrakt’s own recipe of that name.</p>
      )}
      {modules.map(([name, source]) => (
        <p key={name}>
          It imports <code>{printable(name)}</code>,{" "}
          {source.kept_by === "user" ? "from the folder recipes of your home" : "from the recipe’s folder"}.
        </p>
      ))}
    </Notice>
  );
}
