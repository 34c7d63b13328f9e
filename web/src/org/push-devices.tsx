/** The browsers that the reader is notified by, and the way to make this one of them. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { get, post, remove } from "@/api/client";
import { explain } from "@/api/problem";
import * as queries from "@/api/queries";
import type { PushDevice } from "@/api/types";
import { Panel, Shown } from "@/ui/block";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";
import { browserName, type PushState, state, subscribe, unsubscribe } from "./push";

export function PushDevices({ me }: { me: string }) {
  const client = useQueryClient();
  const devices = useQuery(queries.pushDevices(me));
  const here = useQuery({ queryKey: ["push-state"], queryFn: state, staleTime: 0 });
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: ["push-devices", me] });
    await client.invalidateQueries({ queryKey: ["push-state"] });
  };
  return (
    <Panel title="Notified by browsers" flush>
      <div className="flex flex-col gap-3 p-4">
        <p className="text-13 text-muted">
          A silent phone or a closed browser shows nothing, so urgent pages need another way besides. Once a
          browser is on, an administrator adds <code>{"{ name: browser, type: push }"}</code> to your contact
          methods, and your rules say when it is used.
        </p>
        {here.data ? <Here me={me} here={here.data} changed={refresh} /> : null}
      </div>
      <Shown read={devices} what="your browsers">
        {({ items }) => (
          <ul className="divide-y border-t empty:hidden">
            {items.map((device) => (
              <Device key={device.id} me={me} device={device} removed={refresh} />
            ))}
          </ul>
        )}
      </Shown>
    </Panel>
  );
}

function Here({ me, here, changed }: { me: string; here: PushState; changed: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const turnOn = async () => {
    setBusy(true);
    try {
      const { public_key } = await get("/push-key");
      const subscription = await subscribe(public_key);
      if (!subscription?.endpoint) {
        toast.error("The browser was not allowed to notify you, so nothing has changed.");
        return;
      }
      await post("/users/{name}/push-devices", {
        path: { name: me },
        body: {
          name: browserName(navigator.userAgent),
          subscription: {
            endpoint: subscription.endpoint,
            keys: { p256dh: subscription.keys?.p256dh ?? "", auth: subscription.keys?.auth ?? "" },
          },
        },
      });
      toast.success("This browser will notify you.");
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
      await changed();
    }
  };
  const turnOff = async () => {
    setBusy(true);
    try {
      await unsubscribe();
      toast.success("This browser is quiet now. It leaves the list when a message is refused.");
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
      await changed();
    }
  };
  switch (here.kind) {
    case "unsupported":
      return <p>{here.why}</p>;
    case "denied":
      return (
        <p>
          Notifications of this site are blocked. Allow them in the browser's settings for this site, then
          load this page again.
        </p>
      );
    case "on":
      return (
        <div className="flex flex-wrap items-center gap-3">
          <span>This browser is on.</span>
          <Button disabled={busy} onClick={() => void turnOff()}>
            Turn it off
          </Button>
        </div>
      );
    case "off":
      return (
        <div>
          <Button emphasis="primary" disabled={busy} onClick={() => void turnOn()}>
            Notify me in this browser
          </Button>
        </div>
      );
  }
}

function Device({ me, device, removed }: { me: string; device: PushDevice; removed: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const forget = async () => {
    setBusy(true);
    try {
      await remove("/users/{name}/push-devices/{id}", { path: { name: me, id: device.id } });
      await removed();
      toast.success(`${device.name} gets nothing any more.`);
    } catch (error) {
      toast.error(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{device.name}</p>
        <p className="text-13 text-muted">
          {device.accepted_at ? (
            <>
              last reached <Time at={device.accepted_at} />
            </>
          ) : (
            "never reached yet"
          )}
        </p>
      </div>
      <Button disabled={busy} onClick={() => void forget()}>
        Remove<span className="sr-only"> {device.name}</span>
      </Button>
    </li>
  );
}
