import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { apps as appsQuery } from "../api/queries";
import { SelectField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { Table } from "../components/Table";
import { Time } from "../components/Time";
import { CodeBlock } from "../components/Code";
import { printable } from "../text/printable";
import styles from "./Runs.module.css";

/** The apps of the inventory, and where each runs. */
export function Apps() {
  const [search, setSearch] = useSearchParams();
  const server = search.get("server") ?? "";
  const { data, error, isPending, refetch } = useQuery(appsQuery());
  const servers = [...new Set(data?.map((app) => app.server_name))].sort();
  if (server !== "" && !servers.includes(server)) servers.push(server);
  const shown = data?.filter((app) => server === "" || app.server_name === server) ?? [];
  return (
    <Page title="Apps">
      {isPending && <Loading what="apps" />}
      {error !== null && <ErrorNotice error={error} retry={() => void refetch()} />}
      {servers.length > 1 && (
        <div className={styles.filters}>
          <SelectField
            label="Server"
            value={server}
            onChange={(event) =>
              setSearch(event.target.value === "" ? {} : { server: event.target.value }, { replace: true })
            }
          >
            <option value="">All servers</option>
            {servers.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
      )}
      {shown.length > 0 && (
        <Table
          caption="Apps"
          rows={shown}
          rowKey={({ id }) => id}
          columns={[
            { title: "App", heading: true, cell: ({ name }) => printable(name) },
            {
              title: "Server",
              cell: ({ server_name }) => (
                <Link to={`/servers/${encodeURIComponent(server_name)}`}>{printable(server_name)}</Link>
              ),
            },
            { title: "Image", cell: ({ image }) => <code>{printable(image)}</code> },
            { title: "Added", cell: ({ created_at }) => <Time at={created_at} /> },
          ]}
        />
      )}
      {data !== undefined && shown.length === 0 && (
        <Empty title={server === "" ? "No apps yet" : `No apps on ${server}`}>
          <p>Add one on the command line:</p>
          <CodeBlock
            label="Command to add an app"
            text={`infrakt app add NAME --server ${server === "" ? "SERVER" : server} --image IMAGE`}
          />
        </Empty>
      )}
    </Page>
  );
}
