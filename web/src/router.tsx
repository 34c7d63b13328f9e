/**
 * Every address of the app. Screens load when they are first visited; what can
 * be shared or reloaded (queries, tabs, ranges) lives in the address.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { ChangeEventKind } from "./api/types";
import Home from "./home/home";
import { occasionOf } from "./oncall/occasion-search";
import { Layout, NotFound } from "./shell/layout";
import { Failure } from "./ui/block";

const root = createRootRoute({
  component: Layout,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });

export interface ListSearch {
  q?: string;
  /** Puts the cursor into the query box. */
  focus?: boolean;
}

function listSearch(search: Record<string, unknown>): ListSearch {
  return {
    q: typeof search.q === "string" ? search.q : undefined,
    focus: search.focus === true || undefined,
  };
}

const incidents = createRoute({
  getParentRoute: () => root,
  path: "/incidents",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./incident/list")),
});

const incident = createRoute({
  getParentRoute: () => root,
  path: "/incidents/$number",
  validateSearch: (search: Record<string, unknown>): { tab?: string; people?: string; entry?: string } => ({
    tab: typeof search.tab === "string" ? search.tab : undefined,
    people: typeof search.people === "string" ? search.people : undefined,
    entry: typeof search.entry === "string" ? search.entry : undefined,
  }),
  component: lazyRouteComponent(() => import("./incident/incident")),
});

export interface WholeSearch {
  q?: string;
  kind?: "incident" | "alert" | "entry" | "change";
}

const KINDS = ["incident", "alert", "entry", "change"] as const;

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: ({ q, kind }: Record<string, unknown>): WholeSearch => ({
    q: typeof q === "string" ? q : undefined,
    kind: KINDS.find((each) => each === kind),
  }),
  component: lazyRouteComponent(() => import("./search/search")),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./alerting/alerts")),
});

const alert = createRoute({
  getParentRoute: () => root,
  path: "/alerts/$id",
  component: lazyRouteComponent(() => import("./alerting/alert")),
});

const heartbeats = createRoute({
  getParentRoute: () => root,
  path: "/heartbeats",
  component: lazyRouteComponent(() => import("./alerting/heartbeats")),
});

const heartbeat = createRoute({
  getParentRoute: () => root,
  path: "/heartbeats/$name",
  component: lazyRouteComponent(() => import("./alerting/heartbeat")),
});

const maintenance = createRoute({
  getParentRoute: () => root,
  path: "/maintenance",
  component: lazyRouteComponent(() => import("./alerting/maintenance")),
});

export interface ChangesSearch {
  tab?: "waiting" | "mine" | "open" | "all";
  service?: string;
  state?: string;
}

const CHANGE_TABS = ["waiting", "mine", "open", "all"] as const;

const changes = createRoute({
  getParentRoute: () => root,
  path: "/changes",
  validateSearch: ({ tab, service, state }: Record<string, unknown>): ChangesSearch => ({
    tab: CHANGE_TABS.find((each) => each === tab),
    service: typeof service === "string" ? service : undefined,
    state: typeof state === "string" ? state : undefined,
  }),
  component: lazyRouteComponent(() => import("./change/list")),
});

const change = createRoute({
  getParentRoute: () => root,
  path: "/changes/$number",
  component: lazyRouteComponent(() => import("./change/record")),
});

const changeNew = createRoute({
  getParentRoute: () => root,
  path: "/changes/new",
  validateSearch: ({ from }: Record<string, unknown>): { from?: number } => ({
    from: typeof from === "number" ? from : undefined,
  }),
  component: lazyRouteComponent(() => import("./change/new")),
});

const changeExceptions = createRoute({
  getParentRoute: () => root,
  path: "/changes/exceptions",
  component: lazyRouteComponent(() => import("./change/exceptions")),
});

export interface AuditSearch {
  weeks?: number;
  week?: string;
  team?: string;
  only?: string;
}

const changeAudit = createRoute({
  getParentRoute: () => root,
  path: "/changes/audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    weeks: typeof search.weeks === "number" ? search.weeks : undefined,
    week: typeof search.week === "string" ? search.week : undefined,
    team: typeof search.team === "string" ? search.team : undefined,
    only: typeof search.only === "string" ? search.only : undefined,
  }),
  component: lazyRouteComponent(() => import("./change/audit-screen")),
});

const changeReplay = createRoute({
  getParentRoute: () => root,
  path: "/changes/replay",
  component: lazyRouteComponent(() => import("./change/replay")),
});

export interface ChangeEventsSearch {
  service?: string;
  kind?: ChangeEventKind;
  since?: "day" | "week" | "month";
}

const EVENT_KINDS: ChangeEventKind[] = ["deploy", "flag", "config", "infrastructure", "other"];
const SINCE = ["day", "week", "month"] as const;

const changeEvents = createRoute({
  getParentRoute: () => root,
  path: "/changes/events",
  validateSearch: ({ service, kind, since }: Record<string, unknown>): ChangeEventsSearch => ({
    service: typeof service === "string" ? service : undefined,
    kind: EVENT_KINDS.find((each) => each === kind),
    since: SINCE.find((each) => each === since),
  }),
  component: lazyRouteComponent(() => import("./change/events")),
});

const changeEdit = createRoute({
  getParentRoute: () => root,
  path: "/changes/$number/edit",
  component: lazyRouteComponent(() => import("./change/edit")),
});

const changeRun = createRoute({
  getParentRoute: () => root,
  path: "/changes/$number/run",
  component: lazyRouteComponent(() => import("./change/run")),
});

const shadow = createRoute({
  getParentRoute: () => root,
  path: "/services/$name/shadow",
  validateSearch: (search: Record<string, unknown>): { days?: number } => ({
    days: typeof search.days === "number" ? search.days : undefined,
  }),
  component: lazyRouteComponent(() => import("./alerting/shadow")),
});

const messages = createRoute({
  getParentRoute: () => root,
  path: "/messages",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./alerting/messages")),
});

const workbench = createRoute({
  getParentRoute: () => root,
  path: "/workbench",
  validateSearch: (search: Record<string, unknown>): { message?: string; integration?: string } => ({
    message: typeof search.message === "string" ? search.message : undefined,
    integration: typeof search.integration === "string" ? search.integration : undefined,
  }),
  component: lazyRouteComponent(() => import("./alerting/workbench")),
});

const onCall = createRoute({
  getParentRoute: () => root,
  path: "/on-call",
  component: lazyRouteComponent(() => import("./oncall/on-call")),
});

const myOnCall = createRoute({
  getParentRoute: () => root,
  path: "/my-on-call",
  component: lazyRouteComponent(() => import("./oncall/my-on-call")),
});

const requests = createRoute({
  getParentRoute: () => root,
  path: "/requests",
  component: lazyRouteComponent(() => import("./oncall/requests")),
});

const fairness = createRoute({
  getParentRoute: () => root,
  path: "/fairness",
  component: lazyRouteComponent(() => import("./oncall/fairness")),
});

const policies = createRoute({
  getParentRoute: () => root,
  path: "/policies",
  component: lazyRouteComponent(() => import("./oncall/policies")),
});

const lists = createRoute({
  getParentRoute: () => root,
  path: "/lists",
  component: lazyRouteComponent(() => import("./oncall/lists")),
});

const policy = createRoute({
  getParentRoute: () => root,
  path: "/policies/$name",
  validateSearch: occasionOf,
  component: lazyRouteComponent(() => import("./oncall/policy")),
});

const process = createRoute({
  getParentRoute: () => root,
  path: "/process",
  component: lazyRouteComponent(() => import("./incident/process-edit")),
});

const templates = createRoute({
  getParentRoute: () => root,
  path: "/templates",
  component: lazyRouteComponent(() => import("./org/templates")),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  component: lazyRouteComponent(() => import("./org/workflows")),
});

const policyEdit = createRoute({
  getParentRoute: () => root,
  path: "/policies/$name/edit",
  validateSearch: occasionOf,
  component: lazyRouteComponent(() => import("./oncall/policy-edit")),
});

const changeCalendar = createRoute({
  getParentRoute: () => root,
  path: "/changes/calendar",
  validateSearch: (
    search: Record<string, unknown>,
  ): { view?: "month" | "week"; at?: string; service?: string } => ({
    view: search.view === "week" ? "week" : undefined,
    at:
      typeof search.at === "string" && !Number.isNaN(Date.parse(`${search.at}T12:00Z`))
        ? search.at
        : undefined,
    service: typeof search.service === "string" ? search.service : undefined,
  }),
  component: lazyRouteComponent(() => import("./change/calendar")),
});

const statusPages = createRoute({
  getParentRoute: () => root,
  path: "/status-pages",
  component: lazyRouteComponent(() => import("./incident/status-pages")),
});

const statusPageEdit = createRoute({
  getParentRoute: () => root,
  path: "/status-pages/$name/edit",
  component: lazyRouteComponent(() => import("./incident/status-page-edit")),
});

const schedule = createRoute({
  getParentRoute: () => root,
  path: "/schedules/$name",
  component: lazyRouteComponent(() => import("./oncall/schedule")),
});

const scheduleEdit = createRoute({
  getParentRoute: () => root,
  path: "/schedules/$name/edit",
  component: lazyRouteComponent(() => import("./oncall/schedule-edit")),
});

const readiness = createRoute({
  getParentRoute: () => root,
  path: "/readiness",
  component: lazyRouteComponent(() => import("./oncall/readiness")),
});

const services = createRoute({
  getParentRoute: () => root,
  path: "/services",
  validateSearch: (search: Record<string, unknown>): { group?: string } => ({
    group: typeof search.group === "string" ? search.group : undefined,
  }),
  component: lazyRouteComponent(() => import("./org/services")),
});

const service = createRoute({
  getParentRoute: () => root,
  path: "/services/$name",
  component: lazyRouteComponent(() => import("./org/service")),
});

const reports = createRoute({
  getParentRoute: () => root,
  path: "/reports",
  validateSearch: (search: Record<string, unknown>): { days?: number; service?: string; group?: string } => ({
    days: typeof search.days === "number" ? search.days : undefined,
    service: typeof search.service === "string" ? search.service : undefined,
    group: typeof search.group === "string" ? search.group : undefined,
  }),
  component: lazyRouteComponent(() => import("./learning/reports")),
});

const configuration = createRoute({
  getParentRoute: () => root,
  path: "/configuration",
  component: lazyRouteComponent(() => import("./org/configuration")),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  component: lazyRouteComponent(() => import("./org/audit")),
});

const providers = createRoute({
  getParentRoute: () => root,
  path: "/providers",
  component: lazyRouteComponent(() => import("./org/providers")),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./org/settings")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    incidents,
    incident,
    search,
    alerts,
    alert,
    heartbeats,
    heartbeat,
    maintenance,
    changes,
    change,
    changeNew,
    changeExceptions,
    changeAudit,
    changeReplay,
    changeEvents,
    changeEdit,
    changeRun,
    shadow,
    messages,
    workbench,
    onCall,
    myOnCall,
    requests,
    fairness,
    policies,
    lists,
    policy,
    policyEdit,
    changeCalendar,
    statusPages,
    statusPageEdit,
    process,
    templates,
    workflows,
    schedule,
    scheduleEdit,
    readiness,
    services,
    service,
    reports,
    configuration,
    audit,
    providers,
    settings,
  ]),
  basepath: "/app",
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
