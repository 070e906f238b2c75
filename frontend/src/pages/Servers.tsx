import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { servers } from "../api/queries";
import type { Server } from "../api/types";
import { Badge } from "../components/Badge";
import { Button } from "../components/Button";
import { SelectField, TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { AddServerDialog } from "../server/AddServerDialog";
import { address } from "../server/address";
import { ProtectedBadge, StatusBadge } from "../server/ServerBadges";
import { count } from "../text/format";
import { printable } from "../text/printable";
import styles from "./Servers.module.css";

type Narrow = (to: { tag?: string; q?: string }) => void;

/** The inventory. */
export function Servers() {
  const [adding, setAdding] = useState(false);
  const [search, setSearch] = useSearchParams();
  const query = useQuery(servers());
  const tag = search.get("tag") ?? "";
  const text = search.get("q") ?? "";
  const narrow: Narrow = (to) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(to)) {
          if (value === "") next.delete(name);
          else next.set(name, value);
        }
        return next;
      },
      { replace: true },
    );

  return (
    <Page
      title="Servers"
      actions={
        <Button variant="primary" onClick={() => setAdding(true)}>
          Add a server
        </Button>
      }
    >
      {query.isPending && <Loading what="servers" lines={5} />}
      {query.isError && <ErrorNotice error={query.error} retry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <Empty title="There are no servers yet.">
          <p>
            Add one with its address: infrakt logs in over SSH, records its host key, and shows what runs
            there. Nothing is changed on it.
          </p>
          <p>
            On the command line: <code>infrakt server add prod-2 --host 192.0.2.7</code>
          </p>
        </Empty>
      )}
      {query.data !== undefined && query.data.length > 0 && (
        <Inventory all={query.data} tag={tag} text={text} narrow={narrow} />
      )}
      {adding && <AddServerDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Inventory({ all, tag, text, narrow }: { all: Server[]; tag: string; text: string; narrow: Narrow }) {
  const tags = [...new Set(all.flatMap((server) => server.tags))].sort();
  const shown = all.filter((server) => (tag === "" || server.tags.includes(tag)) && fits(server, text));
  return (
    <>
      <div role="search" className={styles.filter}>
        <TextField
          label="Find"
          type="search"
          placeholder="Name, address, provider"
          value={text}
          onChange={(event) => narrow({ q: event.target.value })}
        />
        {tags.length > 0 && (
          <SelectField label="Tag" value={tag} onChange={(event) => narrow({ tag: event.target.value })}>
            <option value="">All</option>
            {!tags.includes(tag) && tag !== "" && <option value={tag}>{tag}</option>}
            {tags.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </SelectField>
        )}
        <p role="status" className={styles.count}>
          {shown.length === all.length
            ? count(all.length, "server")
            : `${shown.length} of ${count(all.length, "server")}`}
        </p>
      </div>
      {shown.length === 0 ? (
        <Empty title="No server fits.">
          <Button
            onClick={() => {
              narrow({ q: "", tag: "" });
            }}
          >
            Show all
          </Button>
        </Empty>
      ) : (
        <ul role="list" className={styles.list}>
          {shown.map((server) => (
            <Row key={server.id} server={server} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ server }: { server: Server }) {
  return (
    <li className={styles.row}>
      <p className={styles.name}>
        <Link to={`/servers/${encodeURIComponent(server.name)}`} className={styles.link}>
          {server.name}
        </Link>
      </p>
      <p className={styles.address}>
        <code>{printable(address(server))}</code>
        {server.provider !== null && <span className={styles.provider}>{printable(server.provider)}</span>}
      </p>
      <div className={styles.badges}>
        <StatusBadge status={server.status} />
        <ProtectedBadge reasons={server.protected} />
        {server.tags.map((tag) => (
          <Badge key={tag}>{printable(tag)}</Badge>
        ))}
      </div>
      {server.protected.length > 0 && (
        <p className={styles.reasons}>Nothing is destroyed here: {printable(server.protected.join("; "))}.</p>
      )}
    </li>
  );
}

function fits(server: Server, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const where = [server.name, server.host, server.provider ?? "", server.user ?? "", ...server.tags]
    .join(" ")
    .toLowerCase();
  return words.every((word) => where.includes(word));
}
