/**
 * Every address of the app. Screens load when they are first visited; what can
 * be shared or reloaded (queries, tabs, ranges) lives in the address.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import Home from "./home/home";
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
  validateSearch: (search: Record<string, unknown>): { tab?: string } => ({
    tab: typeof search.tab === "string" ? search.tab : undefined,
  }),
  component: lazyRouteComponent(() => import("./incident/incident")),
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

const messages = createRoute({
  getParentRoute: () => root,
  path: "/messages",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./alerting/messages")),
});

const onCall = createRoute({
  getParentRoute: () => root,
  path: "/on-call",
  component: lazyRouteComponent(() => import("./oncall/on-call")),
});

const services = createRoute({
  getParentRoute: () => root,
  path: "/services",
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
  validateSearch: (search: Record<string, unknown>): { days?: number; service?: string } => ({
    days: typeof search.days === "number" ? search.days : undefined,
    service: typeof search.service === "string" ? search.service : undefined,
  }),
  component: lazyRouteComponent(() => import("./learning/reports")),
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
    alerts,
    alert,
    messages,
    onCall,
    services,
    service,
    reports,
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
