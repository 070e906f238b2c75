import { describe, expect, it } from "vitest";
import { ApiError } from "../api/client";
import type { NumberedEvent } from "./events";
import { followRun, type Connection, type FollowOptions } from "./stream";

const started = (id: number) =>
  `id: ${id}\nevent: step_started\ndata: {"event":"step_started","step":${id},"title":"t"}\n\n`;
const runEnded = (id: number) =>
  `id: ${id}\nevent: run_ended\ndata: {"event":"run_ended","state":"done","reason":null}\n\n`;

/** A response whose body comes in the given pieces; it breaks off at the end if it is to. */
function answer(pieces: string[], how: "ends" | "breaks" | "stays" = "ends"): Response {
  const encoder = new TextEncoder();
  const left = pieces.map((piece) => encoder.encode(piece));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (how === "ends") controller.close();
      else if (how === "breaks") controller.error(new TypeError("network error"));
      else return new Promise(() => undefined);
      return undefined;
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

interface Heard {
  asked: (string | null)[];
  ids: number[];
  connections: Connection[];
}

async function follow(
  answers: (() => Response | ApiError)[],
  change: Partial<FollowOptions> = {},
): Promise<Heard> {
  const heard: Heard = { asked: [], ids: [], connections: [] };
  await followRun({
    after: 0,
    signal: new AbortController().signal,
    isOver: () => Promise.resolve(false),
    backOff: () => 0,
    open: (headers) => {
      heard.asked.push(headers["Last-Event-ID"] ?? null);
      const next = answers.shift()?.() ?? new ApiError(404, "unknown_run", "no more answers");
      return next instanceof ApiError ? Promise.reject(next) : Promise.resolve(next);
    },
    onEvents: (events: NumberedEvent[]) => heard.ids.push(...events.map((event) => event.id)),
    onConnection: (connection) => heard.connections.push(connection),
    ...change,
  });
  return heard;
}

describe("the event stream of a run", () => {
  it("is read to the run's end, however it is cut into pieces", async () => {
    const all = `: comment\n\n${started(1)}${started(2)}${runEnded(3)}`;
    const heard = await follow([() => answer(all.match(/[^]/g) ?? [])]);
    expect(heard.ids).toEqual([1, 2, 3]);
    expect(heard.connections.at(-1)).toEqual({ state: "ended" });
  });

  it("continues after the last event that arrived when the connection breaks", async () => {
    const heard = await follow([
      () => answer([started(1), started(2)], "breaks"),
      () => new ApiError(0, "no_answer", "the service is down"),
      () => answer([started(3), runEnded(4)]),
    ]);
    expect(heard.asked).toEqual([null, "2", "2"]);
    expect(heard.ids).toEqual([1, 2, 3, 4]);
    expect(heard.connections.map((connection) => connection.state)).toEqual([
      "connecting",
      "live",
      "reconnecting",
      "reconnecting",
      "live",
      "ended",
    ]);
  });

  it("begins after what the page knows already", async () => {
    expect((await follow([() => answer([runEnded(9)])], { after: 8 })).asked).toEqual(["8"]);
  });

  it("takes an event once, though it is sent again", async () => {
    const heard = await follow([
      () => answer([started(1), started(2)], "breaks"),
      () => answer([started(1), started(2), started(2), runEnded(3)]),
    ]);
    expect(heard.ids).toEqual([1, 2, 3]);
  });

  it("reads on past an end in the middle: the run was resumed", async () => {
    const heard = await follow([() => answer([started(1), runEnded(2), started(3), runEnded(4)])]);
    expect(heard.ids).toEqual([1, 2, 3, 4]);
  });

  it("waits longer after each failed attempt, and starts over once something arrived", async () => {
    const waits: number[] = [];
    const down = () => new ApiError(503, "busy", "too many streams");
    await follow([down, down, () => answer([started(1)], "breaks"), down, () => answer([runEnded(2)])], {
      backOff: (attempt) => {
        waits.push(attempt);
        return 0;
      },
    });
    expect(waits).toEqual([1, 2, 1, 2]);
  });

  it("gives up where trying again would not help", async () => {
    const heard = await follow([() => new ApiError(401, "unauthorized", "the key is wrong")]);
    expect(heard.connections.at(-1)).toMatchObject({ state: "failed", error: { code: "unauthorized" } });
    expect(heard.asked).toHaveLength(1);
  });

  it("ends when the run is over, although there is no event for its end", async () => {
    const heard = await follow([() => answer([started(1)])], { isOver: () => Promise.resolve(true) });
    expect(heard.connections.at(-1)).toEqual({ state: "ended" });
  });

  it("closes its connection when the page is left, and tells nothing more", async () => {
    const leaving = new AbortController();
    let closed = false;
    const heard = await follow([() => answer([started(1)], "stays")], {
      signal: leaving.signal,
      open: (_headers, signal) => {
        const response = answer([started(1)], "stays");
        const body = response.body;
        const live = new ReadableStream<Uint8Array>({
          async start(controller) {
            const reader = body?.getReader();
            const first = await reader?.read();
            if (first?.value !== undefined) controller.enqueue(first.value);
            signal.addEventListener("abort", () => {
              closed = true;
              controller.error(new DOMException("aborted", "AbortError"));
            });
          },
        });
        return Promise.resolve(new Response(live));
      },
      onEvents: () => {
        leaving.abort();
      },
    });
    expect(closed).toBe(true);
    expect(heard.connections.map((connection) => connection.state)).toEqual(["connecting", "live"]);
  });
});
