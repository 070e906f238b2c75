import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { servers } from "../api/queries";
import type { Server } from "../api/types";
import { Button } from "../components/Button";
import { SelectField, TextField } from "../components/Field";
import { ErrorNotice } from "../components/Notice";
import { Empty, Page } from "../components/Page";
import { Loading } from "../components/Spinner";
import { AddServerDialog } from "../server/AddServerDialog";
import { ServerRow } from "../server/ServerRow";
import { count } from "../text/format";
import styles from "./Servers.module.css";

type Narrow = (to: { tag?: string; q?: string }) => void;

/** Milliseconds after which the list is read again: runs begin and end. */
const EVERY_MS = 5_000;

/** The inventory. */
export function Servers() {
  const [adding, setAdding] = useState(false);
  const [search, setSearch] = useSearchParams();
  const query = useQuery({ ...servers(), refetchInterval: EVERY_MS });
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
        <Empty title="No servers yet">
          <p>
            Add one with its address. infrakt logs in over SSH, records its host key and shows what runs
            there. It changes nothing on the server.
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
        <Empty title="No matching servers">
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
            <ServerRow key={server.id} server={server} />
          ))}
        </ul>
      )}
    </>
  );
}

function fits(server: Server, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const where = [server.name, server.host, server.provider ?? "", server.user ?? "", ...server.tags]
    .join(" ")
    .toLowerCase();
  return words.every((word) => where.includes(word));
}
