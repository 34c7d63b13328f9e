import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { refresh } from "./refresh";

/** A query that somebody looks at, and the answers to its reads in the order in which they began. */
function watched() {
  const client = new QueryClient();
  const answers: ((value: string) => void)[] = [];
  const observer = new QueryObserver(client, {
    queryKey: ["changes", "one"],
    queryFn: () => new Promise<string>((resolve) => answers.push(resolve)),
  });
  return { client, answers, observer, leave: observer.subscribe(() => {}) };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

it("reads once more what was first read while something happened", async () => {
  const { client, answers, observer, leave } = watched();
  const refreshed = refresh(client, { queryKey: ["changes"] });
  answers[0]?.("as it was before");
  await turn();
  expect(answers).toHaveLength(2);
  answers[1]?.("as it is now");
  await refreshed;
  expect(observer.getCurrentResult().data).toBe("as it is now");
  leave();
});

it("reads what is there once, and leaves alone what is not meant", async () => {
  const { client, answers, observer, leave } = watched();
  answers[0]?.("first");
  await turn();
  await refresh(client, { queryKey: ["incidents"] });
  expect(answers).toHaveLength(1);
  const refreshed = refresh(client, { queryKey: ["changes"] });
  await turn();
  answers[1]?.("second");
  await refreshed;
  expect(answers).toHaveLength(2);
  expect(observer.getCurrentResult().data).toBe("second");
  leave();
});
