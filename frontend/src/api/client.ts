/**
 * The way to the API: one function that sends, with the key, and one error for whatever goes wrong. Paths, parameters, bodies
 * and answers have the types of docs/openapi.json.
 */

import { currentKey, refuseKey } from "../session/key";
import type { paths } from "./schema";

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

/** The paths that answer to a method. */
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, object> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> = paths[P][Lowercase<M> & keyof paths[P]];

/** What stands in the path where the template has names. */
type Names<O> = O extends { parameters: { path: infer N extends object } } ? { path: N } : { path?: never };
type Query<O> = O extends { parameters: { query: infer Q extends object } }
  ? { query: Q }
  : O extends { parameters: { query?: infer Q } }
    ? { query?: Q }
    : { query?: never };
interface Json<T> {
  content: { "application/json": T };
}
type Body<O> = O extends { requestBody: Json<infer B> }
  ? { body: B }
  : O extends { requestBody?: Json<infer B> }
    ? { body?: B }
    : { body?: never };

/** The document that a success answers; undefined where it has none. */
type Success<O> = O extends { responses: infer R }
  ? { [S in keyof R & (200 | 201 | 202)]: R[S] extends Json<infer T> ? T : undefined }[keyof R &
      (200 | 201 | 202)]
  : never;

interface How {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Milliseconds until the whole answer must have arrived. */
  deadline?: number;
  /** In place of the one that is kept; a refusal of it then changes nothing. */
  key?: string;
}

/** What a call takes. */
export type Options<M extends Method, P extends PathOf<M>> = How &
  Names<Operation<M, P>> &
  Query<Operation<M, P>> &
  Body<Operation<M, P>>;

/** The same, for what puts a request together. */
interface Parts extends How {
  path?: Record<string, string | number> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
}

/** Milliseconds for a request that the service answers by itself. */
const OWN_DEADLINE = 30_000;
/** Milliseconds for a request that the service answers after it has asked a server: logging in alone may take a minute. */
export const SERVER_DEADLINE = 300_000;

/** Sends a request and returns the document of the answer; undefined where it has none. Throws ApiError. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: Options<M, P>,
): Promise<Success<Operation<M, P>>> {
  type Answer = Success<Operation<M, P>>;
  const deadline = options.deadline ?? OWN_DEADLINE;
  const late = AbortSignal.timeout(deadline);
  const signal = options.signal === undefined ? late : AbortSignal.any([options.signal, late]);
  try {
    const answer = await send(method, path, { ...options, signal });
    if (answer.status === 204) return undefined as Answer;
    return (await answer.json().catch((error: unknown) => {
      throw signal.aborted ? error : unreadable(answer.status);
    })) as Answer;
  } catch (error) {
    if (late.aborted && options.signal?.aborted !== true) {
      throw noAnswer(`The service did not answer within ${deadline / 1000} seconds.`);
    }
    throw error;
  }
}

/** Sends a request and returns the answer itself, as for event streams. Throws ApiError for anything but a success. */
export async function send<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  options: Options<M, P>,
): Promise<Response> {
  return sendParts(method, path, options);
}

async function sendParts(method: Method, path: string, options: Parts): Promise<Response> {
  const key = options.key ?? currentKey();
  const headers = new Headers(options.headers);
  if (key !== null) headers.set("X-API-Key", key);
  if (options.body !== undefined) headers.set("Content-Type", "application/json");

  let answer: Response;
  try {
    answer = await fetch(address(path, options), {
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
    refuseKey(key, "The service no longer accepts the key of this browser.");
  }
  throw problem;
}

function address(template: string, { path = {}, query }: Parts): string {
  const named = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const entries = Object.entries(query ?? {}).flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? [[name, String(value)]]
      : [],
  );
  return entries.length === 0 ? named : `${named}?${new URLSearchParams(entries).toString()}`;
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
    "Check that `infrakt serve` is running on its computer, and that you can reach that computer. This page tries again by itself.",
  );
}

function unreadable(status: number): ApiError {
  return new ApiError(
    status,
    "not_understood",
    `The answer (status ${status}) does not come from infrakt.`,
    "A proxy or another program at this address may have answered instead of the service.",
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
