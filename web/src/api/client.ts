/**
 * The one way out to `/api/v1`: same-origin fetch with the session cookie, a
 * deadline on every request, problem details as errors, and a redirect to the
 * sign-in page when the session is gone. Paths, parameters, bodies and answers
 * are typed by the server's description. Caching belongs to the query cache.
 */
import { noteServerTime } from "@/ui/clock";
import { ApiError, fromProblem, unreachable } from "./problem";
import type { paths } from "./schema";
import type { List } from "./types";

export const API = "/api/v1";

const REQUEST_TIMEOUT_MS = 20_000;

type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that know a method, as the description writes them: `/services/{name}`. */
export type PathOf<M extends Method> = {
  [Full in keyof paths]: paths[Full][M] extends undefined
    ? never
    : Full extends `${typeof API}${infer Path}`
      ? Path
      : never;
}[keyof paths];

type Full<Path extends string> = `${typeof API}${Path}` & keyof paths;
type Operation<M extends Method, P extends PathOf<M>> = paths[Full<P>][M];

type Content<T> = T extends { content: infer C } ? C[keyof C] : undefined;
type AnswerOf<Op> = Op extends { responses: infer R } ? Content<R[keyof R & (200 | 201 | 202 | 204)]> : never;

type PathPart<Op> = Op extends { parameters: { path: infer T } }
  ? { path: { [K in keyof T]: string | number } }
  : unknown;
type QueryPart<Op> = Op extends { parameters: { query?: infer T } }
  ? { query?: { [K in keyof T]: T[K] | null } }
  : unknown;
type BodyPart<Op> = Op extends { requestBody: { content: infer C } }
  ? { body: C[keyof C] }
  : Op extends { requestBody?: { content: infer C } }
    ? { body?: C[keyof C] }
    : unknown;
type OptionsOf<Op> = Op extends unknown
  ? PathPart<Op> & QueryPart<Op> & BodyPart<Op> & { revision?: number; signal?: AbortSignal }
  : never;
type Arguments<O> = Record<never, never> extends O ? [options?: O] : [options: O];

/** What an operation answers, and what it is asked with. */
export type Answer<M extends Method, P extends PathOf<M>> = AnswerOf<Operation<M, P>>;
export type Options<M extends Method, P extends PathOf<M>> = OptionsOf<Operation<M, P>>;

/** The paths that answer a list in parts, and what is in it. */
export type ListPath = {
  [P in PathOf<"get">]: Answer<"get", P> extends List<unknown> ? P : never;
}[PathOf<"get">];
export type Item<P extends ListPath> = Answer<"get", P> extends List<infer T> ? T : never;

export function get<P extends PathOf<"get">>(path: P, ...[options]: Arguments<Options<"get", P>>) {
  return request<Answer<"get", P>>("GET", path, options);
}

/** One part of a list; the parts belong together by `cursor`. */
export function getPart<P extends ListPath>(
  path: P,
  options: Asked,
  part: { limit: number; cursor?: string | null },
) {
  const { query, ...rest } = options;
  return request<List<Item<P>>>("GET", path, { ...rest, query: { ...part, ...query } });
}

/** The first part of a list that is short by nature and needs nothing to be asked for. */
export function getWhole<P extends ListPath>(path: P, limit: number, signal: AbortSignal) {
  return request<List<Item<P>>>("GET", path, { query: { limit }, signal });
}

export function post<P extends PathOf<"post">>(path: P, ...[options]: Arguments<Options<"post", P>>) {
  return request<Answer<"post", P>>("POST", path, { body: {}, ...options });
}

export function put<P extends PathOf<"put">>(path: P, ...[options]: Arguments<Options<"put", P>>) {
  return request<Answer<"put", P>>("PUT", path, options);
}

export function patch<P extends PathOf<"patch">>(path: P, ...[options]: Arguments<Options<"patch", P>>) {
  return request<Answer<"patch", P>>("PATCH", path, options);
}

/** Sends a file as it is; every path that takes one answers JSON. */
export function upload<P extends PathOf<"post">>(path: P, options: Asked & { body: Blob }) {
  return request<Answer<"post", P>>("POST", path, options);
}

export function remove<P extends PathOf<"delete">>(path: P, ...[options]: Arguments<Options<"delete", P>>) {
  return request<Answer<"delete", P>>("DELETE", path, options);
}

export function goToSignIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

/**
 * The typed options of a list, as they come down to. Comparing those of every list
 * there is at once would be too much for the compiler.
 */
export function asked(options: unknown): Asked {
  return options as Asked;
}

/** What the typed options come down to. */
export interface Asked {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  /** Text is sent as YAML, a file as it is, anything else as JSON. */
  body?: unknown;
  /** The revision that is meant, for `If-Match`. */
  revision?: number;
  signal?: AbortSignal;
}

/** Puts the parameters where they belong; names may hold anything. */
export function address(path: string, { path: names = {}, query = {} }: Asked): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const named = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
  const text = params.toString();
  return text ? `${named}?${text}` : named;
}

async function request<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const signal = asked.signal ? AbortSignal.any([asked.signal, deadline]) : deadline;
  const response = await send(method, address(path, asked), asked, signal);
  noteServerTime(response.headers.get("date"));
  const answer = await readBody(response);
  if (response.ok) return answer as T;
  if (response.status === 401) {
    goToSignIn();
    throw new ApiError("Your session ended. Taking you to sign in.", 401);
  }
  throw fromProblem(response.status, answer);
}

async function send(
  method: string,
  path: string,
  { body, revision }: Asked,
  signal: AbortSignal,
): Promise<Response> {
  const isText = typeof body === "string";
  const isFile = body instanceof Blob;
  try {
    return await fetch(API + path, {
      method,
      signal,
      credentials: "same-origin",
      headers: {
        accept: "application/json, text/yaml",
        ...(body === undefined ? {} : { "content-type": contentType(body) }),
        ...(revision === undefined ? {} : { "if-match": `"${revision}"` }),
      },
      body: body === undefined || isText || isFile ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

function contentType(body: unknown): string {
  if (body instanceof Blob) return body.type || "application/octet-stream";
  return typeof body === "string" ? "text/yaml" : "application/json";
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.headers.get("content-type")?.includes("json")) return text || undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
