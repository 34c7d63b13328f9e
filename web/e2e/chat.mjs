// A chat that takes every step of a room as Slack does, and refuses rooms that are named for it until
// it is told to allow them.

/** Answers the calls of `https://slack.com/api/METHOD` that rooms need. */
export function chat() {
  let rooms = 0;
  let allows = false;
  return {
    allow() {
      allows = true;
    },
    answer(method, { name }) {
      if (method !== "conversations.create") return { ok: true };
      if (name.includes("refused") && !allows) return { ok: false, error: "missing_scope" };
      rooms += 1;
      return { ok: true, channel: { id: `C0ROOM${rooms}`, name } };
    },
  };
}
