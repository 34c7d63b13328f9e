/**
 * Every read the app makes: its cache key and its request side by side, so that
 * live events can name what they make stale. Writes live with their screens.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { nowMs } from "@/ui/clock";
import { asked, get, getPart, getWhole, type ListPath, type Options, post } from "./client";
import { ApiError } from "./problem";
import type { ChangePlan, EditableDocument, Hit, List, Page } from "./types";

export const PAGE_SIZE = 50;
const WHOLE_LIST_MAX = 500;
/** What stands in a first window and some turns of the wheel. */
const TIMELINE_PART = 200;
const ENDING_POLL_MS = 3_000;

export const session = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: ({ signal }) => get("/session", { signal }),
    staleTime: 5 * 60_000,
  });

export const incidents = (q: string) => paged(["incidents", q], "/incidents", { query: { q } });

/** Everything that a query finds, or what of one kind it finds. */
export const search = (q: string, kind: Hit["kind"] | undefined) => ({
  ...paged(["search", q, kind ?? ""], "/search", { query: { q, kind } }),
  enabled: q !== "",
  retry: false,
});

/** How many of each kind a query finds. */
export const searchCounts = (q: string) =>
  queryOptions({
    queryKey: ["search", q, "counts"],
    queryFn: ({ signal }) => get("/search/counts", { query: { q }, signal }),
    enabled: q !== "",
    retry: false,
  });

/** What can be searched by. */
export const searchKeys = () =>
  queryOptions({
    queryKey: ["search-keys"],
    queryFn: ({ signal }) => get("/search/keys", { signal }),
    staleTime: 60_000,
  });

/** The tags in use, the most used first. */
export const tags = () =>
  queryOptions({ queryKey: ["tags"], queryFn: ({ signal }) => get("/tags", { signal }) });

/** The custom fields of incidents, with the values in use. */
export const fields = () =>
  queryOptions({ queryKey: ["fields"], queryFn: ({ signal }) => get("/fields", { signal }) });

/** The first of the open incidents, as home and the palette show them. */
export const openIncidents = () =>
  queryOptions({
    queryKey: ["incidents", "open", "head"],
    queryFn: ({ signal }) => get("/incidents", { query: { q: "state:open", limit: PAGE_SIZE * 2 }, signal }),
  });

/** Open incidents that may be what somebody is about to declare. */
export const likelyDuplicates = (title: string, service: string) =>
  queryOptions({
    queryKey: ["likely-duplicates", title, service],
    queryFn: ({ signal }) =>
      get("/incidents/duplicates", { query: { title, service: service || undefined }, signal }),
    enabled: title !== "" || service !== "",
    placeholderData: keepPreviousData,
  });

export const incident = (number: string) =>
  queryOptions({
    queryKey: ["incident", number],
    queryFn: ({ signal }) => get("/incidents/{incident}", { path: { incident: number }, signal }),
  });

export const incidentChecklist = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "checklist"],
    queryFn: ({ signal }) => get("/incidents/{incident}/checklist", { path: { incident: number }, signal }),
  });

/** How often prompts are asked for anew, because time alone brings some, in milliseconds. */
const PROMPTS_POLL_MS = 60_000;

export const incidentPrompts = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "prompts"],
    queryFn: ({ signal }) => get("/incidents/{incident}/prompts", { path: { incident: number }, signal }),
    refetchInterval: PROMPTS_POLL_MS,
  });

export const incidentRoles = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "roles"],
    queryFn: ({ signal }) => get("/incidents/{incident}/roles", { path: { incident: number }, signal }),
  });

export const processes = () =>
  queryOptions({
    queryKey: ["process"],
    queryFn: ({ signal }) => get("/process", { signal }),
  });

export const incidentTimeline = (number: string) =>
  paged(["incident", number, "timeline"], "/incidents/{incident}/timeline", {
    path: { incident: number },
    query: { limit: TIMELINE_PART, order: "newest" },
  });

/** What a joiner must know; under the incident's key, so that whatever happens to it is in it. */
export const synopsis = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "synopsis"],
    queryFn: ({ signal }) => get("/incidents/{incident}/synopsis", { path: { incident: number }, signal }),
  });

export const incidentAlerts = (number: string) =>
  paged(["incident", number, "alerts"], "/incidents/{incident}/alerts", { path: { incident: number } });

export const incidentPages = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "pages"],
    queryFn: ({ signal }) =>
      get("/incidents/{incident}/pages", {
        path: { incident: number },
        query: { limit: WHOLE_LIST_MAX },
        signal,
      }),
    // The stream tells of pages, not of the messages that say how they ended.
    refetchInterval: (query) => (query.state.data?.items.some(isEnding) ? ENDING_POLL_MS : false),
  });

function isEnding(page: Page): boolean {
  return page.follow_ups.some(({ state }) => ["scheduled", "sending", "retrying"].includes(state));
}

export const incidentLedger = (number: string, wanted: { sort?: string; channel?: string; state?: string }) =>
  queryOptions({
    queryKey: ["incident", number, "ledger", wanted],
    queryFn: ({ signal }) =>
      get("/incidents/{incident}/ledger", {
        path: { incident: number },
        query: { limit: WHOLE_LIST_MAX, ...wanted },
        signal,
      }),
  });

export const noticePreview = (number: string, list: string) =>
  queryOptions({
    queryKey: ["incident", number, "notice", list],
    queryFn: ({ signal }) =>
      get("/incidents/{incident}/notices/{list}", { path: { incident: number, list }, signal }),
    retry: false,
  });

export const incidentRoster = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "roster"],
    queryFn: ({ signal }) => get("/incidents/{incident}/roster", { path: { incident: number }, signal }),
  });

export const incidentRelations = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "relations"],
    queryFn: ({ signal }) => get("/incidents/{incident}/relations", { path: { incident: number }, signal }),
  });

export const concurrentIncidents = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "concurrent"],
    queryFn: ({ signal }) => get("/incidents/{incident}/concurrent", { path: { incident: number }, signal }),
  });

export const incidentLinks = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "links"],
    queryFn: ({ signal }) => get("/incidents/{incident}/links", { path: { incident: number }, signal }),
  });

export const incidentFamily = (number: string) =>
  queryOptions({
    queryKey: ["families", number],
    queryFn: ({ signal }) => get("/incidents/{incident}/family", { path: { incident: number }, signal }),
  });

export const incidentGates = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "gates"],
    queryFn: ({ signal }) => get("/incidents/{incident}/gates", { path: { incident: number }, signal }),
  });

export const incidentUpdates = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "updates"],
    queryFn: ({ signal }) => get("/incidents/{incident}/updates", { path: { incident: number }, signal }),
  });

export const alerts = (q: string) => paged(["alerts", q], "/alerts", { query: { q } });

export const alert = (id: string) =>
  queryOptions({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => get("/alerts/{id}", { path: { id }, signal }),
  });

export const alertMessages = (id: string) =>
  paged(["alert", id, "messages"], "/alerts/{id}/messages", { path: { id } });

export const heartbeats = () => ({ ...whole(["heartbeats"], "/heartbeats"), refetchInterval: 30_000 });

export const heartbeat = (name: string) =>
  queryOptions({
    queryKey: ["heartbeats", name],
    queryFn: ({ signal }) => get("/heartbeats/{name}", { path: { name }, signal }),
    refetchInterval: 30_000,
  });

/** How Muster watches itself, and how that last went. */
export const watch = () =>
  queryOptions({
    queryKey: ["heartbeats", "own"],
    queryFn: ({ signal }) => get("/watch", { signal }),
    refetchInterval: 30_000,
  });

export const maintenance = (over: boolean) =>
  paged(["maintenance", over], "/maintenance", { query: { over } });

/** What shadow mode recorded of a service in the last days, with the forecast. */
export const shadow = (name: string, days: number) =>
  queryOptions({
    queryKey: ["services", name, "shadow", days],
    queryFn: ({ signal }) =>
      get("/services/{name}/shadow", {
        path: { name },
        query: { from: new Date(nowMs() - days * 24 * 3_600_000).toISOString() },
        signal,
      }),
  });

export const messages = (q: string) => paged(["messages", q], "/messages", { query: { q } });

export const message = (id: string) =>
  queryOptions({
    queryKey: ["message", id],
    queryFn: ({ signal }) => get("/messages/{id}", { path: { id }, signal }),
  });

/** How many messages need a person; counted up to one page. */
export const failedMessages = () =>
  queryOptions({
    queryKey: ["messages", "failed", "head"],
    queryFn: ({ signal }) => get("/messages", { query: { q: "state:failed", limit: 100 }, signal }),
  });

/** Services that belong together; under the key of services, because they stand as those do. */
export const serviceGroups = () => whole(["services", "groups"], "/service-groups");

export const services = () => whole(["services"], "/services");

export const service = (name: string) =>
  queryOptions({
    queryKey: ["services", name],
    queryFn: ({ signal }) => get("/services/{name}", { path: { name }, signal }),
  });

export const dependencies = (name: string) =>
  queryOptions({
    queryKey: ["services", name, "dependencies"],
    queryFn: ({ signal }) => get("/services/{name}/dependencies", { path: { name }, signal }),
  });

export const users = () => whole(["users"], "/users");

export const user = (name: string) =>
  queryOptions({
    queryKey: ["users", name],
    queryFn: ({ signal }) => get("/users/{name}", { path: { name }, signal }),
  });

export const pushDevices = (name: string) =>
  queryOptions({
    queryKey: ["push-devices", name],
    queryFn: ({ signal }) => get("/users/{name}/push-devices", { path: { name }, signal }),
  });

export const contacts = (name: string) =>
  queryOptions({
    queryKey: ["users", name, "contacts"],
    queryFn: ({ signal }) => get("/users/{name}/contacts", { path: { name }, signal }),
  });

export const teams = () => whole(["teams"], "/teams");

export const aliases = () => whole(["aliases"], "/aliases");

export const onCall = () =>
  queryOptions({
    queryKey: ["on-call"],
    queryFn: ({ signal }) => get("/on-call", { signal }),
    refetchInterval: 5 * 60_000,
  });

export const schedules = () => whole(["schedules"], "/schedules");

export const schedule = (name: string) =>
  queryOptions({
    queryKey: ["schedules", name],
    queryFn: ({ signal }) => get("/schedules/{name}", { path: { name }, signal }),
  });

export const shifts = (schedule: string, from: string, to: string) =>
  queryOptions({
    queryKey: ["shifts", schedule, from, to],
    queryFn: ({ signal }) =>
      get("/schedules/{name}/shifts", { path: { name: schedule }, query: { from, to }, signal }),
    staleTime: 10 * 60_000,
  });

/**
 * A document as it is edited, with one's own draft; never older than the look at it.
 * A name that nothing has yet reads as something new, so that its editor stays open
 * while the first draft is saved.
 */
export const document = (collection: string, name: string) =>
  queryOptions({
    queryKey: ["document", collection, name],
    queryFn: async ({ signal }): Promise<EditableDocument> => {
      try {
        return await get("/{collection}/{name}/document", { path: { collection, name }, signal });
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
        return { revision: 0, document: null, draft: null, other_drafts: [] };
      }
    },
    gcTime: 0,
  });

export const history = (collection: string, name: string) =>
  paged(["document", collection, name, "history"], "/{collection}/{name}/history", {
    path: { collection, name },
  });

export const coverage = (weeks: number) =>
  queryOptions({
    queryKey: ["coverage", weeks],
    queryFn: ({ signal }) => get("/coverage", { query: { weeks }, signal }),
    staleTime: 60_000,
  });

export const readiness = () =>
  queryOptions({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => get("/readiness", { signal }),
    staleTime: 60_000,
  });

export const shiftsOf = (user: string) =>
  queryOptions({
    queryKey: ["planning", "shifts", user],
    queryFn: ({ signal }) => get("/users/{name}/shifts", { path: { name: user }, signal }),
  });

export const coverRequests = () =>
  queryOptions({
    queryKey: ["planning", "cover-requests"],
    queryFn: ({ signal }) => get("/cover-requests", { query: { open: true, limit: WHOLE_LIST_MAX }, signal }),
  });

export const allCoverRequests = () =>
  queryOptions({
    queryKey: ["planning", "cover-requests", "all"],
    queryFn: ({ signal }) => get("/cover-requests", { query: { limit: 100 }, signal }),
  });

export const onCallReport = (query: { from: string; to: string; schedule?: string; team?: string }) =>
  queryOptions({
    queryKey: ["planning", "on-call-report", query],
    queryFn: ({ signal }) => get("/reports/on-call", { query, signal }),
  });

export const loadSurveys = () =>
  queryOptions({
    queryKey: ["planning", "load-surveys"],
    queryFn: ({ signal }) => get("/load-surveys", { signal }),
  });

export const leaveFeeds = (user: string) =>
  queryOptions({
    queryKey: ["planning", "leave-feeds", user],
    queryFn: ({ signal }) => get("/users/{name}/leave-feeds", { path: { name: user }, signal }),
  });

export const handoffs = () =>
  queryOptions({
    queryKey: ["planning", "handoffs"],
    queryFn: ({ signal }) => get("/handoffs", { query: { open: true, limit: WHOLE_LIST_MAX }, signal }),
  });

export const absences = (user: string) =>
  queryOptions({
    queryKey: ["planning", "absences", user],
    queryFn: ({ signal }) => get("/users/{name}/absences", { path: { name: user }, signal }),
  });

export const calendarLinks = () =>
  queryOptions({
    queryKey: ["planning", "calendar-links"],
    queryFn: ({ signal }) => get("/calendar-links", { signal }),
  });

export const engagementGroups = () => whole(["groups"], "/engagement-groups");

export const notificationLists = () => whole(["lists"], "/notification-lists");

/** Under the key of the other lists, since one joins and leaves both alike. */
export const changeLists = () =>
  queryOptions({
    queryKey: ["lists", "changes"],
    queryFn: ({ signal }) =>
      get("/notification-lists", { query: { about: "changes", limit: WHOLE_LIST_MAX }, signal }),
  });

export const changeReading = (name: string) =>
  queryOptions({
    queryKey: ["changes", "reading", name],
    queryFn: ({ signal }) => get("/users/{name}/change-digest", { path: { name }, signal }),
  });

export const templates = () => whole(["templates"], "/templates");

export const workflows = () => whole(["workflows"], "/workflows");

export const workflowRuns = (name: string) =>
  queryOptions({
    queryKey: ["workflows", name, "runs"],
    queryFn: ({ signal }) => get("/workflows/{name}/runs", { path: { name }, query: { limit: 20 }, signal }),
  });

/** Changes, the newest first; under one key, since a live event names no number. */
export const changes = (query: NonNullable<Options<"get", "/changes">["query"]>) =>
  paged(["changes", "list", JSON.stringify(query)], "/changes", { query });

export const change = (number: string) =>
  queryOptions({
    queryKey: ["changes", "one", number],
    queryFn: ({ signal }) => get("/changes/{change}", { path: { change: number }, signal }),
  });

export const changeExceptions = () => paged(["changes", "exceptions"], "/changes/exceptions", {});

export const changePolicy = () =>
  queryOptions({
    queryKey: ["changes", "policy"],
    queryFn: ({ signal }) => get("/changes/policy", { signal }),
    staleTime: 60_000,
  });

/** What the policy and the linter say of a plan that is not saved. */
export const changeCheck = (plan: ChangePlan, enabled: boolean) =>
  queryOptions({
    queryKey: ["changes", "check", plan],
    queryFn: ({ signal }) => post("/changes/check", { body: plan, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
    enabled,
  });

export const changeConflicts = (number: string) =>
  queryOptions({
    queryKey: ["changes", "conflicts", number],
    queryFn: ({ signal }) => get("/changes/{change}/conflicts", { path: { change: number }, signal }),
  });

export const changeTemplates = () =>
  queryOptions({
    queryKey: ["changes", "templates"],
    queryFn: ({ signal }) => get("/changes/templates", { signal }),
    staleTime: 60_000,
  });

export const changeNotices = (number: string) =>
  queryOptions({
    queryKey: ["changes", "notices", number],
    queryFn: ({ signal }) =>
      get("/changes/{change}/notices", {
        path: { change: number },
        query: { limit: WHOLE_LIST_MAX },
        signal,
      }),
  });

export const changeCalendar = (from: string, to: string, service: string | undefined) =>
  queryOptions({
    queryKey: ["changes", "calendar", from, to, service ?? ""],
    queryFn: ({ signal }) => get("/changes/calendar", { query: { from, to, service }, signal }),
  });

/** What changed before an incident; live events of changes name no incident that they may have caused. */
export const suspects = (incident: string, hours: number | undefined, everywhere: boolean) =>
  queryOptions({
    queryKey: ["suspects", incident, hours ?? 0, everywhere],
    queryFn: ({ signal }) =>
      get("/incidents/{incident}/changes", { path: { incident }, query: { hours, everywhere }, signal }),
    placeholderData: keepPreviousData,
  });

/** What tools report to have changed, the last begun first. */
export const changeEvents = (query: NonNullable<Options<"get", "/change-events">["query"]>) =>
  paged(["change-events", "list", JSON.stringify(query)], "/change-events", { query });

/** The last few of one service. */
export const lastChanges = (service: string) =>
  queryOptions({
    queryKey: ["change-events", "last", service],
    queryFn: ({ signal }) => get("/change-events", { query: { service, limit: 5 }, signal }),
  });

export const changeEvent = (id: string) =>
  queryOptions({
    queryKey: ["change-events", "one", id],
    queryFn: ({ signal }) => get("/change-events/{id}", { path: { id }, signal }),
  });

export const statusPages = () => whole(["status-pages"], "/status-pages");

export const statusPage = (name: string) =>
  queryOptions({
    queryKey: ["status-pages", name, "summary"],
    queryFn: ({ signal }) => get("/status-pages/{name}/summary", { path: { name }, signal }),
  });

export const statusSubscribers = (name: string) =>
  paged(["status-pages", name, "subscribers"], "/status-pages/{name}/subscribers", { path: { name } });

export const policies = () => whole(["policies"], "/escalation-policies");

export const policy = (name: string) =>
  queryOptions({
    queryKey: ["policies", name],
    queryFn: ({ signal }) => get("/escalation-policies/{name}", { path: { name }, signal }),
  });

export const policyPreview = (
  name: string,
  query: { at?: string; severity: number; labels?: string; service?: string },
) =>
  queryOptions({
    queryKey: ["policies", name, "preview", query],
    queryFn: ({ signal }) => get("/escalation-policies/{name}/preview", { path: { name }, query, signal }),
    placeholderData: keepPreviousData,
  });

export const changeAudit = (query: Options<"get", "/reports/changes">["query"]) =>
  queryOptions({
    queryKey: ["changes", "audit", query],
    queryFn: ({ signal }) => get("/reports/changes", { query, signal }),
    placeholderData: keepPreviousData,
  });

export const incidentReport = (query: Options<"get", "/reports/incidents">["query"]) =>
  queryOptions({
    queryKey: ["report", query],
    queryFn: ({ signal }) => get("/reports/incidents", { query, signal }),
    placeholderData: keepPreviousData,
  });

export const tokens = () => whole(["tokens"], "/tokens");

/** How a provider does changes without any event, so it is looked at again. */
export const providers = () =>
  queryOptions({
    queryKey: ["providers"],
    queryFn: ({ signal }) => get("/providers", { signal }),
    refetchInterval: 30_000,
  });

export const webhooks = () => whole(["webhooks"], "/webhooks");

export const audit = () => paged(["audit"], "/audit", {});

/** The file in force; read anew each time it is looked at, since secrets are no matter for a cache. */
export const configuration = () =>
  queryOptions({
    queryKey: ["configuration"],
    queryFn: ({ signal }) => get("/config/export", { signal }),
    gcTime: 0,
  });

export const system = () =>
  queryOptions({
    queryKey: ["system"],
    queryFn: ({ signal }) => get("/system", { signal }),
    refetchInterval: 15_000,
  });

/** A list that is short by nature. */
function whole<P extends ListPath>(key: string[], path: P) {
  return queryOptions({
    queryKey: [...key, "all"],
    queryFn: ({ signal }) => getWhole(path, WHOLE_LIST_MAX, signal),
  });
}

function paged<P extends ListPath>(key: (string | boolean)[], path: P, options: Options<"get", P>) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      getPart(path, { ...asked(options), signal }, { limit: PAGE_SIZE, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: List<unknown>) => last.next,
    placeholderData: keepPreviousData,
  });
}
