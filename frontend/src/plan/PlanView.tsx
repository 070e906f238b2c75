import { useState } from "react";
import type { Plan } from "../api/types";
import { Button } from "../components/Button";
import { CodeBlock } from "../components/Code";
import { ErrorNotice, Notice } from "../components/Notice";
import { Facts } from "../components/Page";
import { count } from "../text/format";
import { printable } from "../text/printable";
import { withoutOptions } from "../text/settings";
import { LossList } from "./LossList";
import { lossGroups } from "./losses";
import styles from "./PlanView.module.css";
import { PlanStepView } from "./PlanStepView";
import { Provenance } from "./Provenance";
import { reportedText } from "../text/report";
import { inventoryLines, isCertain, parameterLines, sections, totals, unlisted } from "./summary";

/** A plan as a person reads it before it runs: what it takes away, and every step with its exact command. */
export function PlanView({ plan, withoutLosses = false }: { plan: Plan; withoutLosses?: boolean }) {
  const [all, setAll] = useState(false);
  const destroys = plan.steps.some((step) => step.effect === "destroy");
  return (
    <div className={styles.plan}>
      {plan.refused !== null && (
        <ErrorNotice title="A run of this plan would be refused now." error={plan.refused} />
      )}
      {plan.asked?.read_only === false && (
        <Notice title="Queries and guards could change this server">
          <p>
            Its file systems can’t be made read-only for them:{" "}
            {printable(plan.asked.reason ?? "it gave no reason")}
          </p>
        </Notice>
      )}
      {plan.findings != null && plan.findings.length > 0 && (
        <Notice title="A run would fail now, before it changes anything">
          {plan.findings.map((finding) => (
            <div key={finding.step}>
              <p>
                {finding.step}. {printable(plan.steps[finding.step - 1]?.title ?? "")}
              </p>
              <CodeBlock text={finding.message} label={`Found by step ${finding.step}`} copy={false} />
            </div>
          ))}
        </Notice>
      )}
      {plan.server.protected.length > 0 && (
        <Notice title={`Protected: nothing is deleted on ${plan.server.name}`}>
          <ul className={styles.reasons}>
            {plan.server.protected.map((reason) => (
              <li key={reason.message}>{printable(reason.message)}</li>
            ))}
          </ul>
        </Notice>
      )}
      {!withoutLosses && <Provenance plan={plan} />}
      {plan.printed.length > 0 && (
        <Notice title="The recipe says">
          {plan.printed.map((line, index) => (
            <p key={index}>{printable(withoutOptions(line))}</p>
          ))}
        </Notice>
      )}
      {destroys && !withoutLosses && (
        <section className={styles.losses} aria-label="Will be deleted">
          <h3>
            {isCertain(plan) ? "Will be deleted from" : "May be deleted from"} {plan.server.name}
          </h3>
          {unlisted(plan) !== null && <p>{unlisted(plan)}</p>}
          {plan.offline && <p>Not known: the plan was made offline.</p>}
          {!plan.offline && (isCertain(plan) || lossGroups(plan.losses).length > 0) && (
            <LossList losses={plan.losses} server={plan.server.name} />
          )}
        </section>
      )}
      <div className={styles.summary}>
        <p>{totals(plan)}</p>
        <Button small variant="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
          {all ? "Hide the commands" : "Show every command"}
        </Button>
      </div>
      {plan.queries !== undefined && plan.queries.length > 0 && (
        <details className={styles.about}>
          <summary>{count(plan.queries.length, "query", "queries")} asked while planning</summary>
          {plan.queries.map((query) => (
            <div key={query.command} className={styles.guard}>
              <p className={styles.line}>
                {printable(query.origin.file)}:{query.origin.line}
              </p>
              <CodeBlock text={query.command} label="Query" copy={false} />
            </div>
          ))}
        </details>
      )}
      {sections(plan).map((section) => (
        <section key={section.steps[0]?.index ?? section.title} className={styles.section}>
          <h3>{printable(section.title)}</h3>
          <ol role="list" className={styles.steps}>
            {section.steps.map(({ index, step, mark, condition, change }) => (
              // Rendered again when all are opened or closed; each can then be opened and closed by itself.
              <PlanStepView
                key={`${index} ${String(all)}`}
                step={step}
                index={index}
                mark={mark}
                condition={condition}
                change={change}
                asksBefore={plan.consent_before === index ? plan.server.name : null}
                open={all}
              />
            ))}
          </ol>
        </section>
      ))}
      {plan.report !== undefined && Object.keys(plan.report).length > 0 && (
        <details className={styles.about}>
          <summary>Reported in the end</summary>
          <Facts
            of={Object.entries(plan.report).map(([name, value]): [string, string] => [
              printable(name),
              printable(reportedText(value)),
            ])}
          />
        </details>
      )}
      <details className={styles.about}>
        <summary>About this plan</summary>
        <Facts
          of={[
            ...[...parameterLines(plan), ...inventoryLines(plan)].map(([name, value]): [string, string] => [
              name,
              printable(value),
            ]),
            ["secrets", plan.secrets.join(", ")],
            ["recipe", plan.recipe.name],
            ["digest", <code key="digest">{plan.digest}</code>],
          ]}
        />
      </details>
    </div>
  );
}
