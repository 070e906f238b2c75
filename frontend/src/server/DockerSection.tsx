import type { Container, Facts } from "../api/types";
import { Badge } from "../components/Badge";
import { Section } from "../components/Page";
import { Table } from "../components/Table";
import { bytes, count } from "../text/format";
import { printable } from "../text/printable";

/** The containers on the server, and counts of what else Docker stores. */
export function DockerSection({ facts }: { facts: Facts }) {
  const { docker } = facts;
  return (
    <Section title="Containers" aside={docker.running ? held(facts) : undefined}>
      {!docker.installed && <p>Docker is not installed.</p>}
      {docker.installed && !docker.running && (
        <p>
          Docker is installed but not responding. On the server, run <code>systemctl start docker</code>.
        </p>
      )}
      {docker.running && docker.containers.length === 0 && <p>No containers.</p>}
      {docker.containers.length > 0 && (
        <Table
          caption="Containers"
          columns={[
            { title: "Name", heading: true, cell: (container: Container) => printable(container.name) },
            { title: "Image", cell: ({ image }) => <code>{printable(image)}</code> },
            {
              title: "State",
              cell: ({ state }) => (
                <Badge tone={state === "running" ? "good" : "neutral"}>{printable(state)}</Badge>
              ),
            },
          ]}
          rows={[...docker.containers].sort((a, b) => a.name.localeCompare(b.name))}
          rowKey={({ name }) => name}
        />
      )}
    </Section>
  );
}

function held({ docker }: Facts): string {
  const sizes = docker.volumes.map((volume) => volume.bytes);
  const known = sizes.every((size) => size !== null);
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const volumes = count(docker.volumes.length, "volume");
  return [
    count(docker.images.length, "image"),
    docker.volumes.length > 0 && known ? `${volumes} (${bytes(total)})` : volumes,
    count(docker.networks.length, "network"),
  ].join(", ");
}
