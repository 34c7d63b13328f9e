/**
 * Every read the app makes: its cache key and its request side by side, so that
 * live events can name what they make stale. Writes live with their screens.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { get, type Query, seg } from "./client";
import type {
  Alert,
  Alias,
  ApiToken,
  Incident,
  IncidentReport,
  List,
  Message,
  OnCall,
  Page,
  Service,
  Session,
  Shift,
  SystemStatus,
  TimelineEntry,
  User,
} from "./types";

export const PAGE_SIZE = 50;
const WHOLE_LIST_MAX = 500;

export const session = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: ({ signal }) => get<Session>("/session", undefined, signal),
    staleTime: 5 * 60_000,
  });

export const incidents = (q: string) => paged<Incident>(["incidents", q], "/incidents", { q });

/** The first of the open incidents, as home and the palette show them. */
export const openIncidents = () =>
  queryOptions({
    queryKey: ["incidents", "open", "head"],
    queryFn: ({ signal }) =>
      get<List<Incident>>("/incidents", { q: "state:open", limit: PAGE_SIZE * 2 }, signal),
  });

export const incident = (number: string) =>
  queryOptions({
    queryKey: ["incident", number],
    queryFn: ({ signal }) => get<Incident>(`/incidents/${seg(number)}`, undefined, signal),
  });

export const incidentTimeline = (number: string) =>
  paged<TimelineEntry>(["incident", number, "timeline"], `/incidents/${seg(number)}/timeline`, {
    limit: WHOLE_LIST_MAX,
  });

export const incidentAlerts = (number: string) =>
  paged<Alert>(["incident", number, "alerts"], `/incidents/${seg(number)}/alerts`);

export const incidentPages = (number: string) =>
  queryOptions({
    queryKey: ["incident", number, "pages"],
    queryFn: ({ signal }) =>
      get<List<Page>>(`/incidents/${seg(number)}/pages`, { limit: WHOLE_LIST_MAX }, signal),
  });

export const alerts = (q: string) => paged<Alert>(["alerts", q], "/alerts", { q });

export const alert = (id: string) =>
  queryOptions({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => get<Alert>(`/alerts/${seg(id)}`, undefined, signal),
  });

export const alertMessages = (id: string) =>
  paged<Message>(["alert", id, "messages"], `/alerts/${seg(id)}/messages`);

export const messages = (q: string) => paged<Message>(["messages", q], "/messages", { q });

export const message = (id: string) =>
  queryOptions({
    queryKey: ["message", id],
    queryFn: ({ signal }) => get<Message>(`/messages/${seg(id)}`, undefined, signal),
  });

/** How many messages need a person; counted up to one page. */
export const failedMessages = () =>
  queryOptions({
    queryKey: ["messages", "failed", "head"],
    queryFn: ({ signal }) => get<List<Message>>("/messages", { q: "state:failed", limit: 100 }, signal),
  });

export const services = () => whole<Service>(["services"], "/services");

export const service = (name: string) =>
  queryOptions({
    queryKey: ["services", name],
    queryFn: ({ signal }) => get<Service>(`/services/${seg(name)}`, undefined, signal),
  });

export const users = () => whole<User>(["users"], "/users");

export const user = (name: string) =>
  queryOptions({
    queryKey: ["users", name],
    queryFn: ({ signal }) => get<User>(`/users/${seg(name)}`, undefined, signal),
  });

export const aliases = () => whole<Alias>(["aliases"], "/aliases");

export const onCall = () =>
  queryOptions({
    queryKey: ["on-call"],
    queryFn: ({ signal }) => get<OnCall>("/on-call", undefined, signal),
    refetchInterval: 5 * 60_000,
  });

export const shifts = (schedule: string, from: string, to: string) =>
  queryOptions({
    queryKey: ["shifts", schedule, from, to],
    queryFn: ({ signal }) =>
      get<{ items: Shift[] }>(`/schedules/${seg(schedule)}/shifts`, { from, to }, signal),
    staleTime: 10 * 60_000,
  });

export const incidentReport = (query: Query) =>
  queryOptions({
    queryKey: ["report", query],
    queryFn: ({ signal }) => get<IncidentReport>("/reports/incidents", query, signal),
    placeholderData: keepPreviousData,
  });

export const tokens = () => whole<ApiToken>(["tokens"], "/tokens");

export const system = () =>
  queryOptions({
    queryKey: ["system"],
    queryFn: ({ signal }) => get<SystemStatus>("/system", undefined, signal),
    refetchInterval: 15_000,
  });

function whole<T>(key: string[], path: string) {
  return queryOptions({
    queryKey: [...key, "all"],
    queryFn: ({ signal }) => get<List<T>>(path, { limit: WHOLE_LIST_MAX }, signal),
  });
}

function paged<T>(key: string[], path: string, query: Query = {}) {
  return infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      get<List<T>>(path, { limit: PAGE_SIZE, ...query, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: List<T>) => last.next,
    placeholderData: keepPreviousData,
  });
}
