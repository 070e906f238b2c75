import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { updateServer } from "../api/actions";
import type { ServerWithRoute } from "../api/types";
import { useAnnounce } from "../components/announce";
import { Button } from "../components/Button";
import { TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Section } from "../components/Page";
import { Table } from "../components/Table";
import { printable } from "../text/printable";
import fields from "./ServerFields.module.css";
import { origin, shownValue, typedValue } from "./variables";

/** What recipes read as `server.vars`: those of the server can be set and removed here, those of its tags only seen. */
export function VariablesSection({ server }: { server: ServerWithRoute }) {
  const queries = useQueryClient();
  const announce = useAnnounce();
  const [name, setName] = useState("");
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<{ name?: string; value?: string }>({});
  const save = useMutation({
    mutationFn: (vars: Record<string, unknown>) => updateServer(server.name, { vars }),
    onSuccess: async (_, vars) => {
      await queries.invalidateQueries({ queryKey: ["servers"] });
      const [changed = ""] = Object.keys(vars);
      announce(`${changed} was ${vars[changed] === null ? "removed" : "set"}.`);
    },
  });
  const rows = Object.entries(server.variables).map(([known, variable]) => ({ known, variable }));

  const submit = () => {
    if (save.isPending) return;
    const value = typedValue(typed);
    const slips = {
      ...(name.trim() === "" ? { name: "A variable needs a name." } : {}),
      ...(value === undefined ? { value: "This begins like JSON and is none." } : {}),
    };
    setWrong(slips);
    if (Object.keys(slips).length > 0) return;
    save.mutate(
      { [name.trim()]: value },
      {
        onSuccess: () => {
          setName("");
          setTyped("");
        },
      },
    );
  };
  return (
    <Section title="Variables">
      {rows.length === 0 && (
        <p>
          No variables yet. Recipes read them as <code>server.vars.NAME</code>.
        </p>
      )}
      {rows.length > 0 && (
        <Table
          caption={`Variables of ${server.name}`}
          columns={[
            { title: "Variable", heading: true, cell: ({ known }) => printable(known) },
            { title: "Value", cell: ({ variable }) => <code>{printable(shownValue(variable))}</code> },
            { title: "From", cell: ({ variable }) => printable(origin(variable)) },
            {
              title: "Change",
              cell: ({ known, variable }) =>
                variable.own && (
                  <Button
                    small
                    variant="quiet"
                    aria-label={`Remove ${known}`}
                    busy={save.isPending}
                    onClick={() => save.mutate({ [known]: null })}
                  >
                    Remove
                  </Button>
                ),
            },
          ]}
          rows={rows}
          rowKey={({ known }) => known}
        />
      )}
      {save.isError && <ErrorNotice title="Nothing was changed." error={save.error} />}
      <details>
        <summary>Set a variable</summary>
        <form
          noValidate
          className={fields.fields}
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <p>Not for secrets: plans and the journal show variables.</p>
          <TextField
            label="Variable"
            mono
            value={name}
            error={wrong.name}
            onChange={(event) => setName(event.target.value)}
          />
          <TextField
            label="Value"
            hint={
              <>
                A text, a whole number, <code>true</code>, <code>false</code>, or JSON such as{" "}
                <code>["a", "b"]</code>
              </>
            }
            mono
            value={typed}
            error={wrong.value}
            onChange={(event) => setTyped(event.target.value)}
          />
          <div>
            <Button type="submit" busy={save.isPending}>
              Set
            </Button>
          </div>
        </form>
      </details>
    </Section>
  );
}
