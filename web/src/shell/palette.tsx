/** Search and commands: every place, every open incident, every service, a few deeds. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import * as queries from "@/api/queries";
import { SeverityGlyph, STATE_WORD } from "@/ui/glyph";
import { type Overlay, openOverlay } from "./open";
import { usePlaces } from "./places";
import { type Theme, useTheme } from "./theme";

export default function Palette({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[#000000aa]" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-2 top-2 z-50 mx-auto max-w-xl overflow-hidden rounded-md border border-edge bg-surface sm:top-[12vh]"
        >
          <Radix.Title className="sr-only">Search and commands</Radix.Title>
          <Commands close={() => onOpenChange(false)} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Commands({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const incidents = useQuery(queries.openIncidents());
  const services = useQuery(queries.services());
  const places = usePlaces();
  const [, setTheme] = useTheme();
  const run = (action: () => unknown) => () => {
    close();
    action();
  };
  const overlay = (which: Overlay) => run(() => requestAnimationFrame(() => openOverlay(which)));
  const number = /^#?(\d+)$/.exec(text.trim())?.[1];
  const themes: Theme[] = ["system", "dark", "light"];
  return (
    <Command label="Search and commands" loop>
      <Command.Input
        value={text}
        onValueChange={setText}
        autoFocus
        placeholder="Incident, service or command"
        className="h-14 w-full border-b bg-transparent px-4 text-16 outline-none"
      />
      <Command.List className="max-h-[60dvh] overflow-y-auto p-2">
        <Command.Empty className="p-4 text-muted">
          Nothing of that name. Enter searches incidents, alerts, timelines and changes.
        </Command.Empty>
        {text.trim() ? (
          <Item
            value={`search ${text}`}
            onSelect={run(() => navigate({ to: "/search", search: { q: text.trim() } }))}
          >
            Search everything for “{text.trim()}”
          </Item>
        ) : null}
        {number ? (
          <Item
            value={`#${number} open`}
            onSelect={run(() => navigate({ to: "/incidents/$number", params: { number } }))}
          >
            Open incident #{number}
          </Item>
        ) : null}
        <Group heading="Open incidents">
          {(incidents.data?.items ?? []).slice(0, 30).map((incident) => (
            <Item
              key={incident.id}
              value={`#${incident.number} ${incident.title} ${incident.service ?? ""}`}
              onSelect={run(() =>
                navigate({ to: "/incidents/$number", params: { number: String(incident.number) } }),
              )}
            >
              <SeverityGlyph level={incident.severity} />
              <span className="min-w-0 flex-1 truncate">
                #{incident.number} {incident.title}
              </span>
              <span className="text-muted">
                {STATE_WORD[incident.snoozed_until ? "snoozed" : incident.status]}
              </span>
            </Item>
          ))}
        </Group>
        <Group heading="Do">
          <Item value="declare incident" onSelect={overlay("declare")}>
            Declare an incident
          </Item>
          <Item value="page a person" onSelect={overlay("page")}>
            Page a person
          </Item>
          <Item value="keyboard help keys" onSelect={overlay("help")}>
            Show the keys
          </Item>
          {themes.map((theme) => (
            <Item key={theme} value={`theme ${theme}`} onSelect={run(() => setTheme(theme))}>
              Theme: {theme}
            </Item>
          ))}
        </Group>
        <Group heading="Go to">
          {places.map(({ to, name, icon: Icon }) => (
            <Item key={to} value={`go ${name}`} onSelect={run(() => navigate({ to }))}>
              <Icon className="size-4 text-muted" aria-hidden="true" />
              {name}
            </Item>
          ))}
        </Group>
        <Group heading="Services">
          {(services.data?.items ?? []).map(({ name }) => (
            <Item
              key={name}
              value={`service ${name}`}
              onSelect={run(() => navigate({ to: "/services/$name", params: { name } }))}
            >
              {name}
            </Item>
          ))}
        </Group>
      </Command.List>
    </Command>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-12 [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

function Item({ value, onSelect, children }: { value: string; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="tap flex min-h-10 items-center gap-2 rounded-sm px-2 data-[selected=true]:bg-raised data-[selected=true]:outline-1 data-[selected=true]:outline-edge"
    >
      {children}
    </Command.Item>
  );
}
