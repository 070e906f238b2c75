import type { Facts as MachineFacts, Server } from "../api/types";
import { Badge } from "../components/Badge";
import { Facts, Section } from "../components/Page";
import { Time } from "../components/Time";
import { bytes } from "../text/format";
import { printable } from "../text/printable";

/** What is known of a server: from its row, and, where it answered, from itself. */
export function AboutSection({ server, facts }: { server: Server; facts: MachineFacts | undefined }) {
  return (
    <Section title="About">
      {facts?.reboot_required === true && (
        <p>
          <Badge tone="change" icon="!">
            needs a reboot
          </Badge>
        </p>
      )}
      <Facts
        of={[
          ...(facts === undefined ? [] : machine(facts)),
          [
            "machine-id",
            server.machine_id === null ? (
              "not known yet"
            ) : (
              <code key="id">{printable(server.machine_id)}</code>
            ),
          ],
          ["Provider", printable(server.provider ?? "")],
          ["Added", <Time key="added" at={server.created_at} />],
        ]}
      />
    </Section>
  );
}

function machine(facts: MachineFacts): [string, string][] {
  return [
    ["System", printable(facts.os.name)],
    ["Kernel", printable(`${facts.kernel}, ${facts.arch}`)],
    ["Hostname", printable(facts.hostname)],
    ["SSH ports", facts.ssh_ports.join(", ")],
    [
      "Docker",
      facts.docker.installed
        ? printable([facts.docker.version, facts.docker.package_name].join("  ").trim())
        : "not installed",
    ],
    ["/opt/infrakt", opt(facts)],
  ];
}

function opt({ opt_infrakt: directory }: MachineFacts): string {
  if (directory.kind === "absent") return "does not exist";
  if (directory.kind !== "directory") return printable(directory.kind);
  const size = directory.bytes === null ? "there" : bytes(directory.bytes);
  return directory.backups > 0 ? `${size}, with ${directory.backups} backups` : size;
}
