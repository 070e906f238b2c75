import type { Action, Content, Piece, PlanStep } from "../api/types";
import { CodeBlock } from "../components/Code";
import { bytes, duration } from "../text/format";
import { printable } from "../text/printable";
import styles from "./PlanView.module.css";
import { anyOf } from "./summary";

/** What a step is made of. Of a run that is over, some of it may not be known any more. */
export type StepContent = Pick<PlanStep, "title" | "action" | "origin"> &
  Partial<
    Pick<
      PlanStep,
      | "env"
      | "outputs"
      | "unless"
      | "only_if"
      | "when_changed"
      | "always"
      | "validate"
      | "restore_unless"
      | "undo"
      | "allowed"
      | "timeout_seconds"
    >
  > & {
    invocation?: PlanStep["invocation"] | null;
  };

/** Exactly what a step does, when it does not, and the line of the recipe that made it. */
export function StepBody({ step }: { step: StepContent }) {
  return (
    <>
      <ActionView action={step.action} title={step.title} />
      {step.invocation != null && <HowItRuns invocation={step.invocation} />}
      {Object.entries(step.env ?? {}).map(([name, value]) => (
        <p key={name} className={styles.line}>
          with <code>{printable(`${name}=${valueOf(value)}`)}</code>
        </p>
      ))}
      {Object.entries(step.outputs ?? {}).map(([name, number]) => (
        <p key={name} className={styles.line}>
          with <code>{`${name}=«output of step ${String(number)}»`}</code>
        </p>
      ))}
      {step.allowed !== undefined && step.allowed !== null && (
        <p className={styles.line}>Allowed to destroy data when it runs: {printable(step.allowed)}</p>
      )}
      <Guards title="Skipped if this succeeds" commands={step.unless} />
      <Guards title="Only if this succeeds" commands={step.only_if} />
      {step.when_changed !== undefined && step.when_changed.length > 0 && (
        <p className={styles.line}>Only if step {anyOf(step.when_changed)} changed something</p>
      )}
      {step.always === true && (
        <p className={styles.line}>Runs also if an earlier step fails, or the run is stopped</p>
      )}
      <Guards
        title="Left as it was unless this accepts the new content, in $FILE"
        commands={one(step.validate)}
      />
      <Guards title="The old file is put back unless this succeeds" commands={one(step.restore_unless)} />
      {step.undo != null && <UndoView undo={step.undo} isUpload={step.action.kind === "upload"} />}
      <p className={styles.line}>
        {placeOf(step)}
        {step.timeout_seconds !== undefined && `, at most ${duration(step.timeout_seconds * 1000)}`}
      </p>
    </>
  );
}

const SURVEYS = {
  engine: "Checks that the Docker that answers is the server’s own.",
  reach:
    "Checks that the Docker that answers is the server’s own, that it lists all container data, and that no file system to be wiped is shared.",
  emptied: "Checks that Docker’s directories and all other stores of container data are empty.",
};

function ActionView({ action, title }: { action: Action; title: string }) {
  switch (action.kind) {
    case "run":
      return <CodeBlock text={action.command} label={`Command of: ${title}`} />;
    case "upload":
      return (
        <>
          <p className={styles.line}>
            Writes <code>{printable(action.path)}</code>, {action.mode}, {action.owner}
          </p>
          <CodeBlock text={textOf(action.content)} label={`Content of ${action.path}`} />
        </>
      );
    case "reconnect":
      return <p>{action.reboot ? "Restarts the server, waits, and logs in again." : "Logs in again."}</p>;
    case "reach":
      return (
        <>
          <p className={styles.line}>
            From the computer that infrakt runs on, opens{" "}
            {action.endpoints.map(({ protocol, port }) => `${protocol}:${port}`).join(", ")}. If one can’t be
            reached, on the server:
          </p>
          <CodeBlock text={action.otherwise} label={`Command of: ${title}`} />
        </>
      );
    case "survey":
      return <p>{SURVEYS[action.check]}</p>;
    case "state":
      return (
        <p>
          {action.change === "forget_apps"
            ? "In infrakt’s own database: forgets the server’s apps, their deployments and env files."
            : "In infrakt’s own database: records the state of the server."}
        </p>
      );
  }
}

/** How the command and its guards are invoked, where it is not as usual. */
function HowItRuns({ invocation }: { invocation: NonNullable<PlanStep["invocation"]> }) {
  const { user, directory, shell, retry, allowed_exits } = invocation;
  const words = [
    user != null && `as ${user}`,
    directory != null && `in ${directory}`,
    shell === "bash" && "with bash",
    retry != null && `up to ${retry.attempts} times, ${retry.pause_seconds} s apart`,
    allowed_exits !== undefined &&
      allowed_exits.length > 0 &&
      `exit status ${allowed_exits.join(" or ")} also succeeds`,
  ].filter((word) => word !== false);
  return words.length === 0 ? null : <p className={styles.line}>Runs {printable(words.join(", "))}</p>;
}

/** What the server does by itself if no new login works. */
function UndoView({ undo, isUpload }: { undo: NonNullable<PlanStep["undo"]>; isUpload: boolean }) {
  const within = `if no new login works within ${undo.after_seconds} s`;
  return (
    <>
      <p className={styles.line}>
        {isUpload ? `The old file is put back ${within}` : `Undone ${within}`}
        {undo.command !== "" && (isUpload ? ", and then this runs:" : ":")}
      </p>
      {undo.command !== "" && <CodeBlock text={undo.command} label="Undo command" copy={false} />}
    </>
  );
}

function one(command: string | null | undefined): string[] {
  return command == null ? [] : [command];
}

function Guards({ title, commands = [] }: { title: string; commands?: string[] | undefined }) {
  return commands.map((command, index) => (
    <div key={index} className={styles.guard}>
      <p className={styles.line}>{title}:</p>
      <CodeBlock text={command} label={title} copy={false} />
    </div>
  ));
}

/** The line that made the step, and whose file it is in. */
function placeOf({ origin }: StepContent): string {
  const keeper = { shipped: "infrakt’s own", user: "yours", path: "not infrakt’s own" }[origin.kept_by];
  const altered = origin.altered_by == null ? "" : `, altered by ${printable(origin.altered_by)}`;
  return `${printable(origin.file)}:${origin.line} (${keeper}${altered})`;
}

function valueOf(value: Piece): string {
  return typeof value === "string" ? value : `(the secret ${value.secret})`;
}

/** A file’s content, with the names of secrets in their places; of a copied file, what identifies its content. */
function textOf(content: Content): string {
  if (Array.isArray(content)) return content.map(valueOf).join("");
  if (typeof content === "object" && "file" in content) {
    return `(the file ${content.file}, ${bytes(content.bytes)}, sha256 ${content.sha256})`;
  }
  return valueOf(content);
}
