import { useQuery } from "@tanstack/react-query";
import { apps } from "../api/queries";
import type { App } from "../api/types";
import { ErrorNotice } from "../components/Notice";
import { Section } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { Time } from "../components/Time";
import { printable } from "../text/printable";

/** The apps of a server, as the inventory knows them. */
export function AppsSection({ server }: { server: string }) {
  const query = useQuery(apps(server));
  return (
    <Section title="Apps">
      {query.isPending && <Loading what="apps" lines={2} />}
      {query.isError && <ErrorNotice error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <p>
          No apps yet. Add one: <code>infrakt app add NAME --server {server} --image IMAGE</code>
        </p>
      )}
      {query.data !== undefined && query.data.length > 0 && (
        <Table
          caption={`Apps on ${server}`}
          columns={[
            { title: "App", heading: true, cell: (app: App) => printable(app.name) },
            { title: "Image", cell: ({ image }) => <code>{printable(image)}</code> },
            { title: "Added", cell: (app) => <Time at={app.created_at} /> },
          ]}
          rows={query.data}
          rowKey={({ id }) => id}
        />
      )}
    </Section>
  );
}
