import type { ServerWithRoute } from "../api/types";
import { CodeBlock } from "../components/Code";
import { Notice } from "../components/Notice";
import { Facts, Section } from "../components/Page";
import { fingerprint } from "../text/fingerprint";
import { printable } from "../text/printable";
import { address, through } from "./address";

/** How infrakt logs in, and by which key it knows the machine. */
export function ReachSection({ server }: { server: ServerWithRoute }) {
  const { route } = server;
  const way = route === null ? [] : through(route);
  const said = Object.entries(route?.ssh_configuration ?? {}).map(([name, value]) => `${name} ${value}`);
  return (
    <Section title="Connection">
      {typeof server.route_problem === "string" && (
        <Notice tone="change" title="Can’t determine how to reach this server.">
          <p>{printable(server.route_problem)}</p>
        </Notice>
      )}
      <Facts
        of={[
          ["Address", <code key="address">{printable(address(server))}</code>],
          ["Logs in as", route ? <code key="login">{printable(address(route))}</code> : null],
          ["Through", printable(way.join(", then "))],
          ["SSH config", printable(said.join(", "))],
          ["Note", printable(route?.note ?? "")],
          [
            "Key file",
            server.ssh_key_path === null ? null : <code key="key">{printable(server.ssh_key_path)}</code>,
          ],
        ]}
      />
      <HostKey hostKey={server.host_key} />
    </Section>
  );
}

function HostKey({ hostKey }: { hostKey: string | null }) {
  if (hostKey === null) {
    return <p>No host key is recorded yet. infrakt records the first one it sees.</p>;
  }
  return (
    <>
      <Facts of={[["Host key", <code key="print">{fingerprint(hostKey) ?? "unknown format"}</code>]]} />
      <details>
        <summary>The whole key, and how to compare it</summary>
        <p>
          On the server’s own console: <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
        </p>
        <CodeBlock text={hostKey} label="Host key" />
      </details>
    </>
  );
}
