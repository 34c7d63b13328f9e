/** The tags of an incident: free words by which it is found again. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { toast } from "sonner";
import { remove as del, post } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { Button } from "@/ui/button";
import { FormDialog } from "@/ui/dialog";
import { needed, TextField } from "@/ui/form";

/** The words that somebody types, separated by spaces or commas. */
export function tagsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

export function Tags({ incident }: { incident: Incident }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const path = { incident: String(incident.number) };
  const again = () => {
    void client.invalidateQueries({ queryKey: ["incident", path.incident] });
    void client.invalidateQueries({ queryKey: ["tags"] });
  };
  const add = (tags: string[]) => post("/incidents/{incident}/tags", { path, body: { tags } }).then(again);
  const takeOff = (tag: string) =>
    del("/incidents/{incident}/tags/{tag}", { path: { ...path, tag } }).then(again);
  const remove = async (tag: string) => {
    try {
      await takeOff(tag);
      offerUndo(`No longer tagged ${tag}.`, `Tagged ${tag} again.`, () => add([tag]));
    } catch (error) {
      toast.error(explain(error));
    }
  };
  return (
    <section aria-label="Tags" className="flex flex-wrap items-center gap-x-2 gap-y-1 text-13">
      {incident.tags.map((tag) => (
        <span key={tag} className="inline-flex max-w-full items-center rounded-sm border border-edge pl-1.5">
          <Link to="/search" search={{ q: `tag:${tag}` }} className="min-w-0 truncate hover:underline">
            {tag}
          </Link>
          <button
            type="button"
            className="tap rounded px-1.5 hover:bg-raised"
            aria-label={`Take off the tag ${tag}`}
            onClick={() => void remove(tag)}
          >
            ×
          </button>
        </span>
      ))}
      <Button emphasis="quiet" onClick={() => setAsking(true)}>
        Add tags
      </Button>
      <FormDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Which words is #${incident.number} to be found by?`}
        submit="Add"
        onSubmit={async (form) => {
          const tags = tagsOf(needed(form, "tags"));
          const more = tags.filter((tag) => !incident.tags.includes(tag.toLowerCase()));
          await add(tags);
          offerUndo(`Tagged ${tags.join(", ")}.`, `No longer tagged ${more.join(", ")}.`, () =>
            Promise.all(more.map((tag) => takeOff(tag.toLowerCase().replace(/^#/, "")))),
          );
        }}
      >
        <TagsField required autoFocus />
      </FormDialog>
    </section>
  );
}

/** Words separated by spaces; the last one is completed from those in use. */
export function TagsField({
  required = false,
  autoFocus = false,
}: {
  required?: boolean;
  autoFocus?: boolean;
}) {
  const id = useId();
  const [text, setText] = useState("");
  const inUse = useQuery(queries.tags());
  const before = text.replace(/[^\s,]*$/, "");
  const taken = tagsOf(before);
  const offered = (inUse.data?.items ?? []).filter(({ tag }) => !taken.includes(tag)).slice(0, 50);
  return (
    <>
      <TextField
        label={required ? "Tags" : "Tags (optional)"}
        name="tags"
        hint="Words separated by spaces, such as database or eu-west"
        required={required}
        autoFocus={autoFocus}
        autoComplete="off"
        autoCapitalize="none"
        list={id}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={id}>
        {offered.map(({ tag, count }) => (
          <option key={tag} value={`${before}${tag}`}>
            {count === 1 ? "1 incident" : `${count} incidents`}
          </option>
        ))}
      </datalist>
    </>
  );
}
