/**
 * Turns whatever a request can fail with into one error that says what happened
 * and what to do next. Owns the wording; sends nothing.
 */
import type { EditConflict, Fault, Gap, Problem } from "./types";

export class ApiError extends Error {
  readonly status: number;
  readonly errors: Fault[];
  /** The message without the places that are wrong, for screens that list those. */
  readonly said: string;
  /** What two people changed alike, where an edit was not saved for it. */
  readonly conflicts: EditConflict[];
  /** When nobody would be on call, where that must be consented to. */
  readonly gaps: Gap[];
  /** The revision that holds now, where an edit named another. */
  readonly revision: number | undefined;

  constructor(
    message: string,
    status: number,
    errors: Fault[] = [],
    said = message,
    problem: Partial<Problem> = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.errors = errors;
    this.said = said;
    this.conflicts = problem.conflicts ?? [];
    this.gaps = problem.gaps ?? [];
    this.revision = problem.revision ?? undefined;
  }
}

const ADVICE: Record<number, string> = {
  403: "Your role does not allow this. Ask an administrator.",
  404: "It does not exist, or it was removed. Go back and reload the list.",
  413: "That is too large. Send less at once.",
  429: "Too many requests. Wait a few seconds and try again.",
  500: "The server met an error of its own. Try again; if it stays, look at its log.",
  502: "The server is not answering. Pages still go out if it runs; check it, then try again.",
  503: "The server is busy or starting. Try again in a moment.",
};

/** Status 0 stands for "no answer at all". */
export function unreachable(): ApiError {
  return new ApiError(
    "No answer from the server, so it is not known whether this took effect. Check the connection, look, then try again.",
    0,
  );
}

export function fromProblem(status: number, body: unknown): ApiError {
  const problem = isProblem(body) ? body : null;
  const errors = problem?.errors ?? [];
  const said = problem?.detail || problem?.title;
  const named = errors
    .slice(0, 3)
    .map((error) => (error.path ? `${error.path}: ${error.message}` : error.message))
    .join("; ");
  const message = [said, named].filter(Boolean).join(" — ");
  const otherwise = ADVICE[status] || `The server answered ${status}.`;
  return new ApiError(message || otherwise, status, errors, said || otherwise, problem ?? {});
}

/** What to tell a person about anything thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  if (error instanceof Error) return error.message;
  return "Something went wrong. Reload the page and try again.";
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "title" in body;
}
