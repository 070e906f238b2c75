import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { beginRun } from "../api/actions";
import { run as runQuery, servers as serversQuery } from "../api/queries";
import type { Parameters, RecipeDetails } from "../api/types";
import { Button } from "../components/Button";
import { SelectField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Loading } from "../components/Spinner";
import { StartRun } from "../consent/StartRun";
import type { Consent } from "../consent/useRunFlow";
import { recipeName } from "../run/words";
import { ParameterForm } from "./ParameterForm";
import { draftOf, type ParameterDraft, readDraft } from "./parameters";
import styles from "./RunRecipe.module.css";

interface Preview {
  server: string;
  parameters: Parameters;
}

/** Runs a recipe: choose a server and parameters, read the plan, then start it. */
export function RunRecipe({ recipe }: { recipe: RecipeDetails }) {
  const [search] = useSearchParams();
  const again = Number(search.get("again") ?? 0);
  const before = useQuery({ ...runQuery(again), enabled: again > 0 });
  if (before.isLoading) return <Loading what={`run ${again}`} />;
  const first =
    before.data === undefined
      ? { server: search.get("server") ?? "", draft: draftOf(recipe.parameters) }
      : { server: before.data.server, draft: draftOf(recipe.parameters, before.data.parameters) };
  return <Form recipe={recipe} first={first} />;
}

/** `first` is what the form begins with. */
function Form({
  recipe,
  first,
}: {
  recipe: RecipeDetails;
  first: { server: string; draft: ParameterDraft };
}) {
  const name = recipeName(recipe.name);
  const inventory = useQuery(serversQuery());
  const [chosen, setChosen] = useState(first.server);
  const [draft, setDraft] = useState(first.draft);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [preview, setPreview] = useState<Preview | null>(null);

  const all = inventory.data;
  // Known servers stay, and with them what was filled in, when asking for them once more fails.
  if (all === undefined) {
    return inventory.error === null ? (
      <Loading what="servers" />
    ) : (
      <ErrorNotice error={inventory.error} retry={() => void inventory.refetch()} />
    );
  }
  if (all.length === 0) {
    return (
      <p>
        No servers yet. <Link to="/servers">Add one</Link> first.
      </p>
    );
  }
  const only = all.length === 1 ? (all[0]?.name ?? "") : "";
  const server = chosen === "" ? only : chosen;

  // A plan that was shown for something else must not be what is started.
  const change = (action: () => void) => {
    action();
    setPreview(null);
  };
  const show = () => {
    const read = readDraft(recipe.parameters, draft);
    const wrong = server === "" ? { ...read.errors, "": "Choose a server." } : read.errors;
    setErrors(wrong);
    setPreview(Object.keys(wrong).length > 0 ? null : { server, parameters: read.parameters });
  };

  return (
    <>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          show();
        }}
      >
        <SelectField
          className={styles.server}
          label="Server"
          value={server}
          error={errors[""]}
          onChange={(event) => change(() => setChosen(event.target.value))}
        >
          <option value="">Choose a server</option>
          {all.map((one) => (
            <option key={one.name} value={one.name}>
              {one.protected.length > 0 ? `${one.name} (protected)` : one.name}
            </option>
          ))}
        </SelectField>
        <ParameterForm
          parameters={recipe.parameters}
          values={draft}
          onChange={(values) => change(() => setDraft(values))}
          errors={errors}
        />
        <div>
          <Button type="submit" variant={preview === null ? "primary" : "secondary"}>
            Show the plan
          </Button>
        </div>
      </form>
      {preview !== null && (
        <Start
          key={JSON.stringify(preview)}
          recipe={name}
          preview={preview}
          onClose={() => setPreview(null)}
        />
      )}
    </>
  );
}

function Start({
  recipe,
  preview: { server, parameters },
  onClose,
}: {
  recipe: string;
  preview: Preview;
  onClose: () => void;
}) {
  const startRun = (consent: Consent) => beginRun({ recipe, server, parameters, ...consent });
  return (
    <StartRun
      server={server}
      ask={{ recipe, parameters }}
      startRun={startRun}
      title={`Plan: ${recipe} on ${server}`}
      action={`Run ${recipe} on ${server}`}
      consent={{
        title: `Warning: ${recipe} deletes data on ${server}`,
        warning: <p>What it deletes can’t be restored.</p>,
        action: `Destroy & run ${recipe}`,
        plainAction: `Run ${recipe}`,
      }}
      onClose={onClose}
    />
  );
}
