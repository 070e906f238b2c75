/** The way to the API: one function that sends, with the key, and one error for whatever goes wrong. */

import { currentKey, refuseKey } from "../session/key";

/** What the service answered in place of a result, or why it did not answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Stays the same when messages improve. */
  readonly code: string;
  /** What to do next. */
  readonly hint: string | null;
  /** The field of the body that is meant. */
  readonly field: string | null;

  constructor(
    status: number,
    code: string,
    message: string,
    hint: string | null = null,
    field: string | null = null,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.field = field;
  }
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Options {
  body?: object;
  query?: Record<string, string | number | boolean | null | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Milliseconds until the whole answer must have arrived. */
  deadline?: number;
  /** In place of the one that is kept; a refusal of it then changes nothing. */
  key?: string;
}

/** Milliseconds for a request that the service answers by itself. */
const OWN_DEADLINE = 30_000;
/** Milliseconds for a request that the service answers after it has asked a server: logging in alone may take a minute. */
export const SERVER_DEADLINE = 300_000;

/** Sends a request and returns the document of the answer; undefined where it has none. Throws ApiError. */
export async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const deadline = options.deadline ?? OWN_DEADLINE;
  const late = AbortSignal.timeout(deadline);
  const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late]);
  try {
    const answer = await send(method, path, { ...options, signal });
    if (answer.status === 204) return undefined as T;
    return (await answer.json().catch((error: unknown) => {
      throw signal.aborted ? error : unreadable(answer.status);
    })) as T;
  } catch (error) {
    if (late.aborted && options.signal?.aborted !== true) {
      throw noAnswer(`The service did not answer within ${deadline / 1000} seconds.`);
    }
    throw error;
  }
}

/** Sends a request and returns the answer itself, as for event streams. Throws ApiError for anything but a success. */
export async function send(method: Method, path: string, options: Options = {}): Promise<Response> {
  const key = options.key ?? currentKey();
  const headers = new Headers(options.headers);
  if (key !== null) headers.set("X-API-Key", key);
  if (options.body !== undefined) headers.set("Content-Type", "application/json");

  let answer: Response;
  try {
    answer = await fetch(address(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw noAnswer("The service does not answer.");
  }
  if (answer.ok) return answer;

  const problem = await problemOf(answer);
  if (answer.status === 401 && options.key === undefined && key !== null && key === currentKey()) {
    refuseKey(key, "The service no longer takes the key of this browser.");
  }
  throw problem;
}

/** A name as part of a path. */
export function segment(name: string | number): string {
  return encodeURIComponent(name);
}

function address(path: string, query: Options["query"]): string {
  const entries = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries).toString()}`;
}

async function problemOf(answer: Response): Promise<ApiError> {
  let document: unknown;
  try {
    document = await answer.json();
  } catch {
    return unreadable(answer.status);
  }
  const error = isObject(document) && isObject(document.error) ? document.error : null;
  if (error === null) return unreadable(answer.status);
  return new ApiError(
    answer.status,
    text(error.code) ?? "unknown",
    text(error.message) ?? `The service answered with the status ${answer.status}.`,
    text(error.hint),
    text(error.field),
  );
}

function noAnswer(message: string): ApiError {
  return new ApiError(
    0,
    "no_answer",
    message,
    "Look whether `infrakt serve` still runs on its computer, and whether you can reach that computer.",
  );
}

function unreadable(status: number): ApiError {
  return new ApiError(
    status,
    "not_understood",
    `The answer (status ${status}) is not one of infrakt's.`,
    "Something between this browser and the service may have answered in its place: a proxy, or another program at this address.",
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
