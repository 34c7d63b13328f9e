/**
 * Files that show something: uploading one, and one in the timeline. A picture is small until it is
 * opened; anything else is downloaded.
 */
import { useId, useState } from "react";
import { API, upload } from "@/api/client";
import { explain } from "@/api/problem";
import { Button } from "@/ui/button";

const TAKEN =
  ".png,.jpg,.jpeg,.webp,.gif,.txt,.log,.csv,.tsv,.json,.jsonl,.har,.yaml,.yml,.md,.pdf,.zip,.gz,.docx,.xlsx,.pptx";

/** A file in the timeline, by its name. */
export function EvidenceFile({ id, name }: { id: string; name: string }) {
  return (
    <p className="text-13 [overflow-wrap:anywhere]">
      <a href={address(id)} className="link" download={name}>
        Download {name}
      </a>
    </p>
  );
}

export function EvidencePicture({ id, text }: { id: string; text: string }) {
  return (
    <a href={address(id)} target="_blank" rel="noreferrer noopener" className="my-1 inline-block">
      <img src={address(id)} alt={text} loading="lazy" className="max-h-48 max-w-full rounded-sm border" />
    </a>
  );
}

interface FileFieldProps {
  number: string;
  /** The id of the file that is there already; empty for none. */
  file: string;
  /** What it is called, if it is no picture; empty for a picture. */
  name: string;
  set: (id: string, name: string) => void;
}

/** A file is sent when it is chosen, so that the draft holds it by name and outlives a reload. */
export function FileField({ number, file: taken, name, set }: FileFieldProps) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    setError(null);
    try {
      const sent = await upload("/incidents/{incident}/attachments", {
        path: { incident: number },
        query: { name: file.name },
        body: file,
      });
      set(sent.id, sent.media_type.startsWith("image/") ? "" : sent.name);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (taken) {
    return (
      <div className="flex flex-wrap items-end gap-2">
        {name ? (
          <EvidenceFile id={taken} name={name} />
        ) : (
          <EvidencePicture id={taken} text="The picture that is added" />
        )}
        <Button onClick={() => set("", "")}>Without the {name ? "file" : "picture"}</Button>
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        File (a picture up to 5 MiB; a log, CSV, JSON, PDF, ZIP or Office document up to 10 MiB)
      </label>
      <input
        id={id}
        type="file"
        accept={TAKEN}
        disabled={busy}
        className="tap max-w-full"
        onChange={(event) => void take(event.target.files?.[0])}
      />
      {busy ? <p role="status">Sending the file…</p> : null}
      {error ? <p role="alert">{explain(error)}</p> : null}
    </div>
  );
}

function address(id: string): string {
  return `${API}/attachments/${encodeURIComponent(id)}`;
}
