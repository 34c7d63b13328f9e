/** Telling a notification list on purpose: choose it, see who would hear what, change it, confirm. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { post } from "@/api/client";
import * as queries from "@/api/queries";
import type { NoticePreview } from "@/api/types";
import { Shown, Tag } from "@/ui/block";
import { Button } from "@/ui/button";
import { Dialog, FormDialog } from "@/ui/dialog";
import { needed, SelectField, TextAreaField } from "@/ui/form";
import { count } from "@/ui/format";

export function Notices({ number }: { number: string }) {
  const lists = useQuery(queries.notificationLists());
  const [list, setList] = useState("");
  const items = lists.data?.items ?? [];
  if (items.length === 0) return null;
  const known = items.some(({ name }) => name === list) ? list : (items[0]?.name ?? "");
  return (
    <section aria-label="Notification lists" className="flex flex-col gap-2 border-t px-4 py-3">
      <h2 className="font-semibold">Tell a notification list</h2>
      <p className="text-13 text-muted">
        Lists hear by themselves that an incident began, changed its severity and ended. Restricted ones hear
        only what somebody decides to tell them.
      </p>
      <Picker
        key={known}
        number={number}
        names={items.map(({ name, restricted }) => ({ name, restricted }))}
        list={known}
        choose={setList}
      />
    </section>
  );
}

interface PickerProps {
  number: string;
  names: { name: string; restricted: boolean }[];
  list: string;
  choose: (list: string) => void;
}

function Picker({ number, names, list, choose }: PickerProps) {
  const [looking, setLooking] = useState(false);
  return (
    <div className="flex flex-wrap items-end gap-2">
      <SelectField label="List" value={list} onChange={(event) => choose(event.target.value)}>
        {names.map(({ name, restricted }) => (
          <option key={name} value={name}>
            {restricted ? `${name} (restricted)` : name}
          </option>
        ))}
      </SelectField>
      <Button className="min-h-10" onClick={() => setLooking(true)}>
        Preview
      </Button>
      {looking ? <Preview number={number} list={list} onClose={() => setLooking(false)} /> : null}
    </div>
  );
}

function Preview({ number, list, onClose }: { number: string; list: string; onClose: () => void }) {
  const preview = useQuery(queries.noticePreview(number, list));
  if (preview.data) return <Confirm number={number} preview={preview.data} onClose={onClose} />;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={`Tell ${list}`}>
      <Shown read={preview} what="the preview">
        {() => null}
      </Shown>
    </Dialog>
  );
}

function Confirm({
  number,
  preview,
  onClose,
}: {
  number: string;
  preview: NoticePreview;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const people = count(preview.people.length, "person", "people");
  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Tell ${preview.list}`}
      description={`${people}: ${preview.people.join(", ") || "nobody"}. ${preview.subject}`}
      submit={`Send to ${people}`}
      onSubmit={async (form) => {
        const path = { incident: number, list: preview.list };
        const body = { text: needed(form, "text"), confirmed: true };
        await post("/incidents/{incident}/notices/{list}", { path, body });
        void client.invalidateQueries({ queryKey: ["incident", number] });
        toast.success(`${preview.list} is told. The ledger says how it goes.`);
      }}
    >
      {preview.restricted ? (
        <p>
          <Tag>restricted</Tag> Others see that it was told, and neither to whom nor what.
        </p>
      ) : null}
      <TextAreaField label="What they are told" name="text" rows={8} required defaultValue={preview.text} />
    </FormDialog>
  );
}
