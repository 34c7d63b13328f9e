/** A refusal with every place that is wrong, as far as the server located it. */
import { ApiError, explain } from "@/api/problem";
import type { Fault } from "@/api/types";

export function Faults({ error }: { error: unknown }) {
  const errors = error instanceof ApiError ? error.errors : [];
  return (
    <div role="alert" className="border-l-2 border-text pl-3">
      <p className="font-semibold">{error instanceof ApiError ? error.said : explain(error)}</p>
      {errors.length > 0 ? (
        <ol className="mt-2 flex flex-col gap-2">
          {errors.map((fault) => (
            <li key={`${fault.path} ${fault.line} ${fault.column} ${fault.message}`}>
              <p className="flex flex-wrap gap-x-3 text-13 text-muted">
                {place(fault) ? <span>{place(fault)}</span> : null}
                {fault.path ? <code>{fault.path}</code> : null}
              </p>
              <p>{fault.message}</p>
            </li>
          ))}
        </ol>
      ) : null}
    </div>
  );
}

function place({ file, line, column }: Fault): string {
  const at = line ? `line ${line}${column ? `, column ${column}` : ""}` : "";
  return [file, at].filter(Boolean).join(", ");
}
