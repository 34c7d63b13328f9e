/**
 * The one way out to `/api/v1`: same-origin fetch with the session cookie, a
 * deadline on every request, problem details as errors, and a redirect to the
 * sign-in page when the session is gone. Caching belongs to the query cache.
 */
import { noteServerTime } from "@/ui/clock";
import { ApiError, fromProblem, unreachable } from "./problem";

export const API = "/api/v1";

const REQUEST_TIMEOUT_MS = 20_000;

export type Query = Record<string, string | number | boolean | null | undefined>;

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return request<T>("GET", path + queryText(query), undefined, signal);
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return request<T>("POST", path, body);
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return request<T>("PUT", path, body);
}

export function remove(path: string): Promise<void> {
  return request<void>("DELETE", path);
}

/** One path segment; names may hold anything. */
export function seg(value: string | number): string {
  return encodeURIComponent(String(value));
}

export function queryText(query: Query | undefined): string {
  if (!query) return "";
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

export function goToSignIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const response = await send(method, path, body, signal ? AbortSignal.any([signal, deadline]) : deadline);
  noteServerTime(response.headers.get("date"));
  if (response.status === 204) return undefined as T;
  const answer = await readBody(response);
  if (response.ok) return answer as T;
  if (response.status === 401) {
    goToSignIn();
    throw new ApiError("Your session ended. Taking you to sign in.", 401);
  }
  throw fromProblem(response.status, answer);
}

async function send(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(API + path, {
      method,
      signal,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
