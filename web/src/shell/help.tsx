/** The keys, on one page. */
import { Dialog } from "@/ui/dialog";
import { useLetterKeys } from "./keys";
import { usePlaces } from "./places";

const GROUPS: { title: string; keys: [string, string][] }[] = [
  {
    title: "Anywhere",
    keys: [
      ["Ctrl K", "search and commands"],
      ["/", "search incidents, alerts, timelines and changes"],
      ["c", "declare an incident"],
      ["z", "undo the last acknowledgement or snooze"],
      ["?", "this page"],
    ],
  },
  {
    title: "In a list and on an incident",
    keys: [
      ["j k", "next, previous"],
      ["x", "select"],
      ["Enter", "open"],
      ["a", "acknowledge"],
      ["r", "resolve"],
      ["e", "escalate"],
      ["s", "snooze"],
      ["n", "write a note"],
      ["d", "write down a decision"],
      ["h", "open a hypothesis"],
      ["c", "record a change, on an incident"],
      ["t", "record a customer contact"],
      ["v", "add evidence"],
      ["f", "set custom fields"],
    ],
  },
];

export default function Help({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const [letters, setLetters] = useLetterKeys();
  const go: [string, string][] = usePlaces().map(({ key, name }) => [`g ${key}`, name]);
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <div className="grid gap-6 sm:grid-cols-2">
        {[...GROUPS, { title: "Go to", keys: go }].map((group) => (
          <section key={group.title}>
            <h3 className="mb-2 font-semibold">{group.title}</h3>
            <dl className="grid grid-cols-[4rem_1fr] gap-y-1.5">
              {group.keys.map(([key, what]) => (
                <div key={key} className="contents">
                  <dt>
                    <kbd className="rounded-sm border border-edge px-1.5 text-12">{key}</kbd>
                  </dt>
                  <dd className="text-muted">{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="tap mt-4 flex items-center gap-2">
        <input
          type="checkbox"
          className="size-5"
          checked={letters}
          onChange={(event) => setLetters(event.target.checked)}
        />
        Single-letter keys are on
      </label>
    </Dialog>
  );
}
