/** The questions that a move asks before it acts: a reason, a length, a person. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { toast } from "sonner";
import * as queries from "@/api/queries";
import type { Incident } from "@/api/types";
import { offerUndo } from "@/shell/undo";
import { FormDialog } from "@/ui/dialog";
import { filled, needed, SelectField, TextField } from "@/ui/form";
import { count } from "@/ui/format";
import { SEVERITIES } from "@/ui/severity";
import { PersonField } from "../oncall/person-field";
import { type MoveBody, useCommands } from "./commands";
import type { Move } from "./moves";
import { SightFields, sightOf } from "./restriction";

interface MoveDialogProps {
  /** One, or several selected in a list. */
  incidents: Incident[];
  move: Move;
  onClose: () => void;
}

export default function MoveDialog({ incidents, move, onClose }: MoveDialogProps) {
  const { send, bulk } = useCommands();
  const question = QUESTIONS[move];
  const first = incidents[0];
  if (!question || !first) return null;
  const subject =
    incidents.length === 1 ? `#${first.number} ${first.title}` : count(incidents.length, "incident");

  const submit = async (form: FormData) => {
    const body = question.body(form);
    if (move === "resolve" && incidents.length > 1) return bulk(incidents, "resolve");
    for (const incident of incidents) await send(incident, move, body);
    if (move !== "snooze") {
      toast.success(question.done(subject));
      return;
    }
    offerUndo(question.done(subject), `${subject}: awake again.`, () =>
      Promise.all(incidents.map((incident) => send(incident, "unsnooze"))),
    );
  };

  return (
    <FormDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={question.title(subject)}
      description={question.description}
      submit={question.submit}
      onSubmit={submit}
    >
      {question.fields(first, incidents.length)}
    </FormDialog>
  );
}

interface Question<M extends Move> {
  title: (subject: string) => string;
  description: string;
  submit: string;
  fields: (incident: Incident, howMany: number) => ReactNode;
  body: (form: FormData) => MoveBody<M>;
  done: (subject: string) => string;
}

const QUESTIONS: { [M in Move]?: Question<M> } = {
  escalate: {
    title: (subject) => `Escalate ${subject}?`,
    description: "The next step of the escalation policy is paged now, not when its time comes.",
    submit: "Escalate now",
    fields: () => null,
    body: () => undefined,
    done: (subject) => `Escalated ${subject}.`,
  },
  snooze: {
    title: (subject) => `Snooze ${subject}`,
    description: "Nobody is paged until the time is over; then it starts again from the first step.",
    submit: "Snooze",
    fields: () => <SnoozeFields />,
    body: (form) => ({ for: filled(form, "for") ?? "1h" }),
    done: (subject) => `Snoozed ${subject}.`,
  },
  page: {
    title: (subject) => `Add a person to ${subject}`,
    description: "They are paged at once, by their own rules.",
    submit: "Page them",
    fields: () => (
      <>
        <PersonField label="Person or alias" name="to" />
        <TextField label="Message (optional)" name="message" placeholder="What you need from them" />
      </>
    ),
    body: (form) => ({ to: needed(form, "to"), message: filled(form, "message") }),
    done: (subject) => `Paged for ${subject}.`,
  },
  engage: {
    title: (subject) => `Engage a group on ${subject}`,
    description: "Everybody whom it stands for now is paged once, unless they respond already.",
    submit: "Engage them",
    fields: (incident) => (
      <>
        <GroupField service={incident.service} />
        <TextField label="Message (optional)" name="message" placeholder="What you need from them" />
      </>
    ),
    body: (form) => ({ group: needed(form, "group"), message: filled(form, "message") }),
    done: (subject) => `Engaged for ${subject}.`,
  },
  help: {
    title: (subject) => `Ask for help with ${subject}`,
    description: "Whoever fits is paged at once. Asking is part of the work.",
    submit: "Ask",
    fields: () => (
      <>
        <SelectField label="What helps" name="want" defaultValue="person">
          <option value="person">One more person</option>
          <option value="team">A team</option>
          <option value="expert">Somebody who knows a service</option>
          <option value="manager">A manager</option>
        </SelectField>
        <TextField label="Who (optional)" name="who" hint="A person or alias, a team, or a service" />
        <TextField label="Message (optional)" name="message" placeholder="What you need" />
      </>
    ),
    body: (form) => ({
      want: (filled(form, "want") ?? "person") as "person" | "team" | "expert" | "manager",
      who: filled(form, "who"),
      message: filled(form, "message"),
    }),
    done: (subject) => `Help is asked for ${subject}.`,
  },
  assign: {
    title: (subject) => `Assign ${subject}`,
    description: "Says who has it. It pages nobody.",
    submit: "Assign",
    fields: () => <PersonField label="Person" name="user" usersOnly />,
    body: (form) => ({ user: needed(form, "user") }),
    done: (subject) => `Assigned ${subject}.`,
  },
  severity: {
    title: (subject) => `Change the severity of ${subject}`,
    description: "The process of the new severity starts at once.",
    submit: "Change",
    fields: (incident) => (
      <>
        <SelectField label="Severity" name="severity" defaultValue={String(incident.severity)}>
          {SEVERITIES.map(({ level, name, meaning }) => (
            <option key={level} value={level}>
              {level} {name}: {meaning}
            </option>
          ))}
        </SelectField>
        <TextField label="Reason" name="reason" required placeholder="What you know now that changes it" />
      </>
    ),
    body: (form) => ({ severity: Number(filled(form, "severity")), reason: filled(form, "reason") }),
    done: (subject) => `Severity of ${subject} changed.`,
  },
  resolve: {
    title: (subject) => `Resolve ${subject}?`,
    description: "Paging ends. It can be reopened.",
    submit: "Resolve",
    fields: (incident, howMany) =>
      howMany === 1 ? (
        <>
          <TextField label="Note (optional)" name="note" placeholder="What fixed it" />
          {incident.open_child_count > 0 ? (
            <label className="tap flex items-center gap-2">
              <input type="checkbox" name="with_children" />
              End its {count(incident.open_child_count, "open child effort")} with it
            </label>
          ) : null}
        </>
      ) : null,
    body: (form) => ({ note: filled(form, "note"), with_children: form.has("with_children") }),
    done: (subject) => `Resolved ${subject}.`,
  },
  reopen: {
    title: (subject) => `Reopen ${subject}?`,
    description: "Escalation starts again from the first step: people are paged.",
    submit: "Reopen",
    fields: () => <TextField label="Reason (optional)" name="reason" placeholder="What came back" />,
    body: (form) => ({ reason: filled(form, "reason") }),
    done: (subject) => `Reopened ${subject}.`,
  },
  identify: {
    title: (subject) => `Cause of ${subject}`,
    description: "Marks the cause as identified, at this moment.",
    submit: "Mark identified",
    fields: () => (
      <>
        <TextField label="Cause (optional)" name="cause" placeholder="In a sentence" />
        <TextField label="Team it lies with (optional)" name="team" hint="Its manager is paged" />
      </>
    ),
    body: (form) => ({ cause: filled(form, "cause"), team: filled(form, "team") }),
    done: (subject) => `Cause of ${subject} identified.`,
  },
  restrict: {
    title: (subject) => `Restrict ${subject}`,
    description:
      "You, whoever is engaged and those you name see it; nobody else finds a trace of it. What was sent before stays sent.",
    submit: "Restrict",
    fields: () => (
      <>
        <TextField label="Reason" name="reason" required maxLength={500} autoComplete="off" />
        <SightFields />
      </>
    ),
    body: (form) => ({ reason: needed(form, "reason"), ...sightOf(form) }),
    done: (subject) => `Restricted ${subject}.`,
  },
  merge: {
    title: (subject) => `Merge ${subject}`,
    description: "Its alerts move to the other incident, and this one closes.",
    submit: "Merge",
    fields: (incident) => <MergeField incident={incident} />,
    body: (form) => ({ into: Number((filled(form, "into") ?? "").replace("#", "")) }),
    done: (subject) => `Merged ${subject}.`,
  },
};

function SnoozeFields() {
  const choices: [string, string][] = [
    ["15m", "15 minutes"],
    ["1h", "1 hour"],
    ["4h", "4 hours"],
    ["12h", "12 hours"],
    ["1d", "1 day"],
  ];
  return (
    <SelectField label="For how long" name="for" defaultValue="1h">
      {choices.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </SelectField>
  );
}

/** The groups of the service first: whoever is in a hurry needs one of those. */
function GroupField({ service }: { service: string | null }) {
  const groups = useQuery(queries.engagementGroups());
  const items = groups.data?.items ?? [];
  const isOwn = (services: string[]) => services.length === 0 || services.includes(service ?? "");
  if (groups.data && items.length === 0) {
    return <p>There is no engagement group yet; an administrator configures the first one.</p>;
  }
  return (
    <SelectField label="Group" name="group" required defaultValue="">
      <option value="" disabled>
        Choose…
      </option>
      {[...items]
        .sort((a, b) => Number(isOwn(b.services)) - Number(isOwn(a.services)))
        .map(({ name, users }) => (
          <option key={name} value={name}>
            {name} ({users.join(", ") || "nobody now"})
          </option>
        ))}
    </SelectField>
  );
}

function MergeField({ incident }: { incident: Incident }) {
  const open = useQuery(queries.openIncidents());
  const others = (open.data?.items ?? []).filter((other) => other.number !== incident.number);
  if (open.data && others.length === 0) {
    return <TextField label="Number of the other incident" name="into" required inputMode="numeric" />;
  }
  return (
    <SelectField label="Into" name="into" required>
      {others.map((other) => (
        <option key={other.id} value={other.number}>
          #{other.number} {other.title}
        </option>
      ))}
    </SelectField>
  );
}
