/** Every escalation policy, in words. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import * as queries from "@/api/queries";
import type { EscalationPolicy } from "@/api/types";
import { Code, Empty, ScreenHead, Shown } from "@/ui/block";
import { CopyButton } from "@/ui/button";
import { NewButton } from "./edit-link";
import { Steps } from "./steps";

const EXAMPLE = `escalation_policies:
  - name: payments
    team: payments
    repeat: 2
    steps:
      - { after: 0m, targets: [ { schedule: payments-primary } ] }
      - { after: 5m, targets: [ { manager_of: payments } ] }`;

export default function Policies() {
  const policies = useQuery(queries.policies());
  return (
    <>
      <ScreenHead title="Escalation policies">
        <NewButton to="/policies/$name/edit" noun="escalation policy" example="payments" />
      </ScreenHead>
      <Shown read={policies} what="escalation policies">
        {({ items }) =>
          items.length === 0 ? (
            <div className="panel">
              <Empty title="No escalation policy yet">
                <p>
                  Put one into your configuration file and run <code>muster apply -f org.yaml</code>:
                </p>
                <Code text={EXAMPLE} label="Example of an escalation policy" />
                <CopyButton text={EXAMPLE} label="Copy the example escalation policy" />
              </Empty>
            </div>
          ) : (
            <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
              {items.map((policy) => (
                <Card key={policy.name} policy={policy} />
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

function Card({ policy }: { policy: EscalationPolicy }) {
  return (
    <li className="panel flex flex-col gap-3 p-4">
      <div>
        <h2 className="font-semibold">
          <Link
            to="/policies/$name"
            params={{ name: policy.name }}
            className="link tap inline-flex items-center"
          >
            {policy.name}
          </Link>
        </h2>
        {policy.team ? <p className="text-13 text-muted">{policy.team}</p> : null}
      </div>
      <Steps policy={policy} />
    </li>
  );
}
