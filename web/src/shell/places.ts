/** Where one can go: the navigation, the palette, the help and the `g` keys share this list. */
import { useQuery } from "@tanstack/react-query";
import {
  ArrowLeftRight,
  Bell,
  CalendarCheck,
  CalendarClock,
  CalendarRange,
  ChartNoAxesColumn,
  FileCog,
  FlaskConical,
  GitPullRequestArrow,
  Globe,
  HeartPulse,
  House,
  Inbox,
  Layers,
  ListChecks,
  type LucideIcon,
  MessageSquareText,
  RadioTower,
  Scale,
  ScrollText,
  Settings,
  ShieldCheck,
  Siren,
  TrendingUp,
  Users,
  Workflow,
  Wrench,
} from "lucide-react";
import * as queries from "@/api/queries";

/** The parts of the navigation, in the order of what one opens it for. */
export const SECTIONS = ["Respond", "On call", "Services", "Organization"] as const;

export interface Place {
  to: string;
  section: (typeof SECTIONS)[number];
  name: string;
  key: string;
  icon: LucideIcon;
  /** Shown to administrators only; the server refuses everybody else. */
  forAdmins?: true;
  /** Shown to managers and administrators only. */
  forManagers?: true;
}

/** Where one can go, in the order of the navigation. */
export const PLACES = [
  { to: "/", section: "Respond", name: "Home", key: "h", icon: House },
  { to: "/incidents", section: "Respond", name: "Incidents", key: "i", icon: Siren },
  { to: "/alerts", section: "Respond", name: "Alerts", key: "a", icon: Bell },
  { to: "/status-pages", section: "Respond", name: "Status pages", key: "z", icon: Globe },
  { to: "/on-call", section: "On call", name: "On call", key: "o", icon: CalendarClock },
  { to: "/my-on-call", section: "On call", name: "My on-call", key: "y", icon: CalendarCheck },
  { to: "/requests", section: "On call", name: "Shift requests", key: "q", icon: ArrowLeftRight },
  { to: "/fairness", section: "On call", name: "Fairness", key: "f", icon: Scale },
  { to: "/policies", section: "On call", name: "Escalation", key: "p", icon: TrendingUp },
  { to: "/lists", section: "On call", name: "Groups and lists", key: "u", icon: Users },
  { to: "/readiness", section: "On call", name: "Readiness", key: "d", icon: ShieldCheck, forManagers: true },
  { to: "/services", section: "Services", name: "Services", key: "s", icon: Layers },
  { to: "/heartbeats", section: "Services", name: "Heartbeats", key: "b", icon: HeartPulse },
  { to: "/maintenance", section: "Services", name: "Maintenance", key: "n", icon: Wrench },
  { to: "/changes", section: "Services", name: "Changes", key: "k", icon: GitPullRequestArrow },
  { to: "/changes/calendar", section: "Services", name: "Change calendar", key: "g", icon: CalendarRange },
  { to: "/messages", section: "Services", name: "Needs attention", key: "m", icon: Inbox },
  { to: "/workbench", section: "Services", name: "Workbench", key: "w", icon: FlaskConical },
  { to: "/reports", section: "Organization", name: "Reports", key: "r", icon: ChartNoAxesColumn },
  {
    to: "/configuration",
    section: "Organization",
    name: "Configuration",
    key: "c",
    icon: FileCog,
    forAdmins: true,
  },
  {
    to: "/process",
    section: "Organization",
    name: "Severities",
    key: "e",
    icon: ListChecks,
    forAdmins: true,
  },
  { to: "/workflows", section: "Organization", name: "Workflows", key: "x", icon: Workflow },
  {
    to: "/templates",
    section: "Organization",
    name: "Wording",
    key: "j",
    icon: MessageSquareText,
    forManagers: true,
  },
  { to: "/audit", section: "Organization", name: "Audit log", key: "l", icon: ScrollText, forAdmins: true },
  {
    to: "/providers",
    section: "Organization",
    name: "Providers",
    key: "v",
    icon: RadioTower,
    forAdmins: true,
  },
  { to: "/settings", section: "Organization", name: "Settings", key: "t", icon: Settings },
] as const satisfies readonly Place[];

/** The places of whoever is signed in. */
export function usePlaces() {
  const session = useQuery(queries.session());
  const role = session.data?.user.role;
  const isAdmin = role === "admin";
  const plans = isAdmin || role === "manager";
  return PLACES.filter(
    (place) => (isAdmin || !("forAdmins" in place)) && (plans || !("forManagers" in place)),
  );
}
