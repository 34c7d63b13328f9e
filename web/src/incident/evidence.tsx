/** Pictures that show something: uploading one, and one in the timeline, small until it is opened. */
import { useId, useState } from "react";
import { API, upload } from "@/api/client";
import { explain } from "@/api/problem";
import { Button } from "@/ui/button";

const MEDIA_TYPES = "image/png,image/jpeg,image/webp,image/gif";

export function EvidencePicture({ id, text }: { id: string; text: string }) {
  return (
    <a href={address(id)} target="_blank" rel="noreferrer noopener" className="my-1 inline-block">
      <img src={address(id)} alt={text} loading="lazy" className="max-h-48 max-w-full rounded-sm border" />
    </a>
  );
}

interface PictureFieldProps {
  number: string;
  /** The id of the picture that is there already; empty for none. */
  picture: string;
  set: (id: string) => void;
}

/** A picture is sent when it is chosen, so that the draft holds it by name and outlives a reload. */
export function PictureField({ number, picture, set }: PictureFieldProps) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    setError(null);
    try {
      const taken = await upload("/incidents/{incident}/attachments", {
        path: { incident: number },
        query: { name: file.name },
        body: file,
      });
      set(taken.id);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (picture) {
    return (
      <div className="flex flex-wrap items-end gap-2">
        <EvidencePicture id={picture} text="The picture that is added" />
        <Button onClick={() => set("")}>Without the picture</Button>
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        Picture (PNG, JPEG, WebP or GIF, up to 5 MiB)
      </label>
      <input
        id={id}
        type="file"
        accept={MEDIA_TYPES}
        disabled={busy}
        className="tap max-w-full"
        onChange={(event) => void take(event.target.files?.[0])}
      />
      {busy ? <p role="status">Sending the picture…</p> : null}
      {error ? <p role="alert">{explain(error)}</p> : null}
    </div>
  );
}

function address(id: string): string {
  return `${API}/attachments/${encodeURIComponent(id)}`;
}
