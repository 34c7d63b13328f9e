/** Every status page: how it is now, where it is, what is told there, and who outside hears of it. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { post, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { PageSubscriber, PublicPage } from "@/api/types";
import { EditLink, NewButton } from "@/oncall/edit-link";
import { Code, Empty, ScreenHead, Shown, Tag } from "@/ui/block";
import { Button, CopyButton } from "@/ui/button";
import { count } from "@/ui/format";
import { Time } from "@/ui/time";
import { STATE_WORDS } from "./status-page";

const EXAMPLE = `status_pages:
  - name: shop
    title: Example Shop
    components:
      - { name: Paying, services: [checkout] }`;

export default function StatusPages() {
  const pages = useQuery(queries.statusPages());
  return (
    <>
      <ScreenHead title="Status pages">
        <NewButton to="/status-pages/$name/edit" noun="status page" example="shop" adminsOnly />
      </ScreenHead>
      <Shown read={pages} what="status pages">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="No status page yet">
                <p>
                  A status page tells those outside how things are. Begin one here, or put one into your
                  configuration file and run <code>muster apply -f org.yaml</code>:
                </p>
                <Code text={EXAMPLE} label="Example of a status page" />
                <CopyButton text={EXAMPLE} label="Copy the example status page" />
              </Empty>
            </div>
          ) : (
            <ul className="flex flex-col gap-4">
              {items.map((page) => (
                <PageCard key={page.name} page={page} />
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

function PageCard({ page }: { page: PublicPage }) {
  const summary = useQuery(queries.statusPage(page.name)).data;
  const open = summary?.incidents.filter((incident) => incident.ended_at === null) ?? [];
  return (
    <li className="panel flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold">
            {page.title} <Tag>{page.visibility}</Tag>
          </h2>
          <p className="text-13 text-muted">
            {page.name} · {count(page.components, "component")} ·{" "}
            {page.audiences.length > 0
              ? `updates for ${page.audiences.join(", ")} appear here`
              : "no audience's updates appear here"}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <a
            href={page.url}
            className="link tap inline-flex items-center gap-1"
            target="_blank"
            rel="noreferrer"
          >
            Open<span className="sr-only"> {page.title}</span>
            <ExternalLink className="size-4" aria-hidden="true" />
          </a>
          <EditLink to="/status-pages/$name/edit" name={page.name} adminsOnly />
        </div>
      </div>
      {summary ? (
        <div>
          <p>
            <strong className="font-semibold">{summary.headline}</strong>
            {summary.state === "operational" ? null : ` (${STATE_WORDS[summary.state].toLowerCase()})`}
          </p>
          <ul>
            {open.map((incident) => (
              <li key={incident.id} className="text-13">
                {incident.title}: {incident.stage}, since <Time at={incident.started_at} focusable />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      <Subscribers page={page} />
    </li>
  );
}

/** Whoever hears of it, for those who may see that. */
function Subscribers({ page }: { page: PublicPage }) {
  const isAdmin = useQuery(queries.session()).data?.user.role === "admin";
  const [isOpen, setOpen] = useState(false);
  if (!isAdmin) return null;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="tap cursor-pointer py-1 font-medium">
        Subscribers<span className="sr-only"> of {page.title}</span>
      </summary>
      {isOpen ? <SubscriberList page={page} /> : null}
    </details>
  );
}

function SubscriberList({ page }: { page: PublicPage }) {
  const read = useInfiniteQuery(queries.statusSubscribers(page.name));
  return (
    <Shown read={read} what="the subscribers">
      {({ pages }) => {
        const all = pages.flatMap(({ items }) => items);
        return (
          <>
            {all.length === 0 ? (
              <p className="text-muted">Nobody has subscribed. The page has a form for it, and a feed.</p>
            ) : (
              <ul className="divide-y">
                {all.map((one) => (
                  <SubscriberRow key={one.id} page={page.name} subscriber={one} />
                ))}
              </ul>
            )}
            {read.hasNextPage ? <Button onClick={() => void read.fetchNextPage()}>More</Button> : null}
          </>
        );
      }}
    </Shown>
  );
}

function SubscriberRow({ page, subscriber }: { page: string; subscriber: PageSubscriber }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { address, confirmed_at, id } = subscriber;
  const refresh = () => client.invalidateQueries({ queryKey: ["status-pages", page, "subscribers"] });
  const end = async () => {
    setBusy(true);
    try {
      await remove("/status-pages/{name}/subscribers/{id}", { path: { name: page, id } });
      toast.success(`${address} hears nothing any more.`, {
        action: {
          label: "Ask them again",
          onClick: () => {
            post("/status-pages/{name}/subscribers", { path: { name: page }, body: { address } })
              .then(refresh)
              .catch((error: unknown) => toast.error(explain(error)));
          },
        },
      });
      await refresh();
    } catch (error) {
      toast.error(explain(error));
      setBusy(false);
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 py-1">
      <span className="min-w-0 flex-1 basis-56 break-words">{address}</span>
      <span className="text-13 text-muted">
        {confirmed_at ? (
          <>
            {subscriber.channel}, since <Time at={confirmed_at} focusable />
          </>
        ) : (
          "has not confirmed"
        )}
      </span>
      <Button disabled={busy} onClick={() => void end()} aria-label={`Remove ${address}`}>
        Remove
      </Button>
    </li>
  );
}
