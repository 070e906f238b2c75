import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { call, SERVER_DEADLINE } from "../api/client";
import { plan, servers as serversQuery } from "../api/queries";
import type { Parameters, RecipeDetails, RunStarted } from "../api/types";
import { Button } from "../components/Button";
import { SelectField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Loading } from "../components/Spinner";
import { ConsentDialog } from "../consent/ConsentDialog";
import { PlainStart } from "../consent/PlainStart";
import { recipeName } from "../run/words";
import { ParameterForm } from "./ParameterForm";
import { draftOf, readDraft } from "./parameters";
import styles from "./RunRecipe.module.css";

interface Preview {
  server: string;
  parameters: Parameters;
}

/** Runs a recipe: on which server, with which parameters; then the plan is shown, and only from there it is started. */
export function RunRecipe({ recipe }: { recipe: RecipeDetails }) {
  const name = recipeName(recipe.name);
  const [search] = useSearchParams();
  const inventory = useQuery(serversQuery());
  const [chosen, setChosen] = useState(search.get("server") ?? "");
  const [draft, setDraft] = useState(() => draftOf(recipe.parameters));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [preview, setPreview] = useState<Preview | null>(null);
  const [consenting, setConsenting] = useState(false);

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
        There is no server to run it on. <Link to="/servers">Add one</Link> first.
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
    const wrong = server === "" ? { ...read.errors, "": "Choose the server first." } : read.errors;
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
          consenting={consenting}
          onConsenting={setConsenting}
          onClose={() => setPreview(null)}
        />
      )}
    </>
  );
}

function Start({
  recipe,
  preview: { server, parameters },
  consenting,
  onConsenting,
  onClose,
}: {
  recipe: string;
  preview: Preview;
  consenting: boolean;
  onConsenting: (consenting: boolean) => void;
  onClose: () => void;
}): ReactNode {
  const asks = plan(server, { recipe, parameters });
  const startRun = (consent: object) =>
    call<RunStarted>("POST", "/api/runs", {
      body: { recipe, server, parameters, ...consent },
      deadline: SERVER_DEADLINE,
    });
  return (
    <>
      <PlainStart
        server={server}
        title={`The plan of ${recipe} for ${server}`}
        action={`Run ${recipe} on ${server}`}
        plan={asks}
        startRun={startRun}
        onNeedsConsent={() => onConsenting(true)}
        onClose={onClose}
      />
      {consenting && (
        <ConsentDialog
          server={server}
          title={`Warning: ${recipe} destroys data on ${server}`}
          warning={<p>What it destroys can’t be brought back.</p>}
          action={`Destroy & run ${recipe}`}
          plainAction={`Run ${recipe}`}
          plan={asks}
          startRun={startRun}
          onClose={() => onConsenting(false)}
        />
      )}
    </>
  );
}
