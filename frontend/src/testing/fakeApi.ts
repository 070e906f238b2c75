/** A stand-in for the service: answers what a story says, and remembers what it was asked. It knows no rules of infrakt's. */

import type { Problem } from "../api/types";

export const KEY = "the-right-key";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
}

/** What an answer is made from: a document (200), or a Response for anything else. */
export type Answer = (asked: Asked, parts: string[]) => unknown;

export class FakeApi {
  /** Every request, in order. */
  readonly asked: Asked[] = [];
  private readonly answers: { method: string; pattern: RegExp; answer: Answer }[] = [];

  /** Answers a call. `:name` stands for a part of the path; the last word on a path counts. */
  on(call: string, answer: Answer): this {
    const [method = "", path = ""] = call.split(" ");
    const pattern = new RegExp(`^${path.replace(/:[a-z]+/g, "([^/]+)")}$`);
    this.answers.unshift({ method, pattern, answer });
    return this;
  }

  /** The requests of one call, as `POST /api/runs`. */
  askedFor(call: string): Asked[] {
    return this.asked.filter(({ method, path }) => `${method} ${path}` === call);
  }

  /** As fetch takes and gives it. */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(
      new URL(input instanceof Request ? input.url : input, "http://localhost"),
      init,
    );
    const address = new URL(request.url);
    const text = await request.text();
    const asked: Asked = {
      method: request.method,
      path: address.pathname,
      query: address.searchParams,
      headers: request.headers,
      body: text === "" ? undefined : (JSON.parse(text) as unknown),
    };
    this.asked.push(asked);
    if (asked.headers.get("X-API-Key") !== KEY) {
      return problem(401, { code: "unauthorized", message: "the key is missing or not the right one" });
    }
    for (const { method, pattern, answer } of this.answers) {
      const parts = pattern.exec(asked.path);
      if (method !== asked.method || parts === null) continue;
      const given = await Promise.race([
        answer(asked, parts.slice(1).map(decodeURIComponent)),
        whenAborted(init?.signal),
      ]);
      return given instanceof Response ? given : Response.json(given);
    }
    return problem(404, { code: "unknown_route", message: `there is no ${asked.method} ${asked.path}` });
  };
}

/** Rejects when the signal is aborted, as fetch does. */
function whenAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal?.reason as Error);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** An error as the service answers it. */
export function problem(
  status: number,
  error: Partial<Problem> & { code: string; message: string },
): Response {
  return Response.json({ error: { hint: null, field: null, ...error } }, { status });
}

/** An answer that comes when the story lets it. */
export function held<T>(): { answer: Promise<T>; release: (value: T) => void } {
  let release: (value: T) => void = () => undefined;
  const answer = new Promise<T>((resolve) => {
    release = resolve;
  });
  return { answer, release };
}
