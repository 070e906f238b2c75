import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, segment, SERVER_DEADLINE } from "../api/client";
import { plan, recipe } from "../api/queries";
import type { ProvisionRequest, RecipeParameter, RunStarted, Server } from "../api/types";
import { Button } from "../components/Button";
import { ErrorNotice } from "../components/Notice";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { ConsentDialog } from "../consent/ConsentDialog";
import { PlainStart } from "../consent/PlainStart";
import type { Consent } from "../consent/useStart";
import { draftOf, type ParameterDraft, readDraft } from "../recipe/parameters";
import { ParameterForm } from "../recipe/ParameterForm";
import styles from "./ProvisionSection.module.css";

/** What is open: nothing, the plan of a provisioning that destroys nothing, or the question whether to wipe. */
type Open = "nothing" | "as it is" | "keeping data" | "wipe";

/** Provisions a server: one that is protected as it is, any other after a wipe that is consented to. */
export function ProvisionSection({ server, protection }: { server: Server; protection: string[] }) {
  const [open, setOpen] = useState<Open>("nothing");
  const [draft, setDraft] = useState<ParameterDraft>({});
  const [parameters, setParameters] = useState<RecipeParameter[]>([]);
  const { name } = server;
  const isProtected = protection.length > 0 || server.is_infrakt_host;
  const settings = readDraft(parameters, draft);
  const flawed = Object.keys(settings.errors).length > 0;

  const keepData = open === "keeping data";
  const asked = plan(name, { recipe: "provision", keepData, parameters: settings.parameters });
  const startRun = ({ confirm, digest, secrets }: Consent) => {
    const body: ProvisionRequest = {
      digest,
      ...(confirm === undefined ? {} : { confirm }),
      ...(keepData ? { keep_data: true } : {}),
      ...(Object.keys(settings.parameters).length === 0 ? {} : { parameters: settings.parameters }),
      ...(secrets === undefined ? {} : { secrets }),
    };
    return call<RunStarted>("POST", `/api/servers/${segment(name)}/provision`, {
      body,
      deadline: SERVER_DEADLINE,
    });
  };
  const close = () => setOpen("nothing");

  return (
    <>
      <Section title="Provision">
        <div className={styles.band}>
          <div className={styles.words}>
            {isProtected ? (
              <p>
                {name} is protected, so it is provisioned as it is: Docker, Traefik, a firewall and fail2ban
                are set up on top of what is there. Nothing is wiped.
              </p>
            ) : (
              <p>
                Wipes {name}, after you have seen what is lost and typed its name, and sets up Docker,
                Traefik, a firewall and fail2ban. Or sets them up on top of what is there.
              </p>
            )}
          </div>
          <div className={styles.actions}>
            {!isProtected && (
              <Button disabled={flawed} onClick={() => setOpen("keeping data")}>
                Provision without wiping
              </Button>
            )}
            <Button
              variant="primary"
              disabled={flawed}
              onClick={() => setOpen(isProtected ? "as it is" : "wipe")}
            >
              Provision
            </Button>
          </div>
        </div>
        <Settings
          draft={draft}
          errors={settings.errors}
          onChange={(values, known) => {
            setDraft(values);
            setParameters(known);
            close();
          }}
        />
      </Section>
      {(open === "as it is" || open === "keeping data") && (
        <PlainStart
          key={open}
          server={name}
          title={`Provision ${name} ${open === "as it is" ? "as it is" : "without wiping it"}`}
          action={open === "as it is" ? "Provision as it is" : "Provision, keep all data"}
          plan={asked}
          startRun={startRun}
          onNeedsConsent={() => setOpen("wipe")}
          onClose={close}
        />
      )}
      {open === "wipe" && (
        <ConsentDialog
          server={name}
          title={`Warning: This will wipe all data on ${name}`}
          warning={
            <p>
              All Docker containers, images, volumes, and app data will be permanently deleted before
              reprovisioning.
            </p>
          }
          action="Wipe & Provision"
          plainAction="Provision"
          plan={asked}
          startRun={startRun}
          onClose={close}
        />
      )}
    </>
  );
}

/** The parameters of the recipe, for those who want another value than its own. */
function Settings({
  draft,
  errors,
  onChange,
}: {
  draft: ParameterDraft;
  errors: Record<string, string>;
  onChange: (draft: ParameterDraft, known: RecipeParameter[]) => void;
}) {
  const [wanted, setWanted] = useState(false);
  const query = useQuery({ ...recipe("provision"), enabled: wanted });
  // Whether data is kept is what the two buttons ask.
  const known = (query.data?.parameters ?? []).filter((parameter) => parameter.name !== "keep_data");
  return (
    <details onToggle={(event) => setWanted(event.currentTarget.open)}>
      <summary className={styles.summary}>Settings</summary>
      <div className={styles.settings}>
        {query.isLoading && <Loading what="settings" />}
        {query.isError && <ErrorNotice error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && (
          <ParameterForm
            parameters={known}
            values={{ ...draftOf(known), ...draft }}
            onChange={(values) => onChange(values, known)}
            errors={errors}
          />
        )}
      </div>
    </details>
  );
}
