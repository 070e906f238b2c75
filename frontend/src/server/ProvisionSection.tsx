import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { provision } from "../api/actions";
import { recipe } from "../api/queries";
import type { ProtectionReason, RecipeParameter, Run, Server } from "../api/types";
import { Button } from "../components/Button";
import { explain, Notice } from "../components/Notice";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { StartRun } from "../consent/StartRun";
import type { Consent } from "../consent/useRunFlow";
import { draftOf, type ParameterDraft, readDraft } from "../recipe/parameters";
import { ParameterForm } from "../recipe/ParameterForm";
import { recipeName } from "../run/words";
import styles from "./ProvisionSection.module.css";

/** What is open: nothing, the plan of a provisioning that deletes nothing, or the question whether to wipe. */
type Open = "nothing" | "as it is" | "keeping data" | "wipe";

/** The settings that infrakt can't guess. The others have defaults that suit most servers. */
const ASKED_FIRST = ["email", "acme_server"];

/** Provisions a server: a protected one as it is, any other after a wipe that is consented to. */
export function ProvisionSection({
  server,
  protection,
  running,
}: {
  server: Server;
  protection: ProtectionReason[];
  /** The run that is using the server now. */
  running: Run | undefined;
}) {
  const [open, setOpen] = useState<Open>("nothing");
  const [draft, setDraft] = useState<ParameterDraft>({});
  const query = useQuery(recipe("provision"));
  const { name } = server;
  const isProtected = protection.length > 0 || server.is_infrakt_host;
  // Whether data is kept is what the two buttons ask.
  const known = (query.data?.parameters ?? []).filter((parameter) => parameter.name !== "keep_data");
  const settings = readDraft(known, draft);
  const flawed = Object.keys(settings.errors).length > 0;
  const disabled = flawed || running !== undefined;
  // On a server that is in use the safe way comes first.
  const inUse = server.status === "provisioned" && !isProtected;

  const keepData = open === "keeping data";
  const ask = { recipe: "provision", keepData, parameters: settings.parameters };
  const startRun = (consent: Consent) =>
    provision(name, {
      ...consent,
      ...(keepData ? { keep_data: true } : {}),
      ...(Object.keys(settings.parameters).length === 0 ? {} : { parameters: settings.parameters }),
    });
  const close = () => setOpen("nothing");
  const keep = !isProtected && (
    <Button
      variant={inUse ? "primary" : "secondary"}
      disabled={disabled}
      onClick={() => setOpen("keeping data")}
    >
      Provision without wiping
    </Button>
  );

  return (
    <>
      <Section title="Provision">
        <div className={styles.words}>
          {isProtected ? (
            <p>
              {name} is protected. Nothing is wiped: Docker, Traefik, a firewall and fail2ban are set up
              beside what is there.
            </p>
          ) : (
            <p>
              <strong>Provision</strong> wipes {name} and sets up Docker, Traefik, a firewall and fail2ban.
              You see what will be deleted first, and type the server’s name to confirm.{" "}
              <strong>Provision without wiping</strong> sets up the same and keeps all data.
            </p>
          )}
        </div>
        <Settings
          known={known}
          loading={query.isPending}
          error={query.error}
          retry={() => void query.refetch()}
          draft={draft}
          errors={settings.errors}
          onChange={(values) => {
            setDraft(values);
            close();
          }}
        />
        {running !== undefined && (
          <p>
            Not possible now: <Link to={`/runs/${running.id}`}>run {running.id}</Link> (
            {recipeName(running.recipe)}) is using {name}.
          </p>
        )}
        <div className={styles.actions}>
          {inUse && keep}
          <Button
            variant={inUse ? "secondary" : "primary"}
            disabled={disabled}
            onClick={() => setOpen(isProtected ? "as it is" : "wipe")}
          >
            Provision
          </Button>
          {!inUse && keep}
        </div>
      </Section>
      {open !== "nothing" && (
        <StartRun
          key={open}
          server={name}
          ask={ask}
          startRun={startRun}
          title={open === "as it is" ? `Plan: provision ${name}` : `Plan: provision ${name}, keep all data`}
          action={open === "as it is" ? "Provision as it is" : "Provision, keep all data"}
          consent={{
            title: `Warning: This will wipe all data on ${name}`,
            warning: (
              <p>
                All Docker containers, images, volumes, and app data will be permanently deleted before
                reprovisioning.
              </p>
            ),
            action: "Wipe & Provision",
            plainAction: "Provision",
          }}
          modal={open === "wipe"}
          onClose={close}
        />
      )}
    </>
  );
}

/** The parameters of the recipe: those that matter in sight, the others behind a heading. */
function Settings({
  known,
  loading,
  error,
  retry,
  draft,
  errors,
  onChange,
}: {
  known: RecipeParameter[];
  loading: boolean;
  error: Error | null;
  retry: () => void;
  draft: ParameterDraft;
  errors: Record<string, string>;
  onChange: (draft: ParameterDraft) => void;
}) {
  if (loading) return <Loading what="settings" lines={1} />;
  if (error !== null && known.length === 0) {
    return (
      <Notice tone="change" title="Can’t read the settings, so the defaults apply.">
        <p>{explain(error).message}</p>
        <p>
          <Button small onClick={retry}>
            Try again
          </Button>
        </p>
      </Notice>
    );
  }
  const first = known.filter(({ name }) => ASKED_FIRST.includes(name));
  const others = known.filter(({ name }) => !ASKED_FIRST.includes(name));
  const form = (parameters: RecipeParameter[]) => (
    <ParameterForm
      parameters={parameters}
      values={{ ...draftOf(known), ...draft }}
      onChange={onChange}
      errors={errors}
    />
  );
  return (
    <>
      {first.length > 0 && form(first)}
      {others.length > 0 && (
        <details>
          <summary className={styles.summary}>More settings ({others.length})</summary>
          <div className={styles.settings}>{form(others)}</div>
        </details>
      )}
    </>
  );
}
