/** Where one can go: the navigation, the palette, the help and the `g` keys share this list. */
import { useQuery } from "@tanstack/react-query";
import {
  Bell,
  CalendarCheck,
  CalendarClock,
  ChartNoAxesColumn,
  FileCog,
  FlaskConical,
  HeartPulse,
  House,
  Inbox,
  Layers,
  type LucideIcon,
  RadioTower,
  ScrollText,
  Settings,
  ShieldCheck,
  Siren,
  TrendingUp,
  Wrench,
} from "lucide-react";
import * as queries from "@/api/queries";

export interface Place {
  to: string;
  name: string;
  key: string;
  icon: LucideIcon;
  /** Shown to administrators only; the server refuses everybody else. */
  forAdmins?: true;
  /** Shown to managers and administrators only. */
  forManagers?: true;
}

const PLACES = [
  { to: "/", name: "Home", key: "h", icon: House },
  { to: "/incidents", name: "Incidents", key: "i", icon: Siren },
  { to: "/alerts", name: "Alerts", key: "a", icon: Bell },
  { to: "/on-call", name: "On call", key: "o", icon: CalendarClock },
  { to: "/my-on-call", name: "My on-call", key: "y", icon: CalendarCheck },
  { to: "/policies", name: "Escalation", key: "p", icon: TrendingUp },
  { to: "/readiness", name: "Readiness", key: "d", icon: ShieldCheck, forManagers: true },
  { to: "/services", name: "Services", key: "s", icon: Layers },
  { to: "/heartbeats", name: "Heartbeats", key: "b", icon: HeartPulse },
  { to: "/maintenance", name: "Maintenance", key: "n", icon: Wrench },
  { to: "/messages", name: "Needs attention", key: "m", icon: Inbox },
  { to: "/workbench", name: "Workbench", key: "w", icon: FlaskConical },
  { to: "/reports", name: "Reports", key: "r", icon: ChartNoAxesColumn },
  { to: "/configuration", name: "Configuration", key: "c", icon: FileCog, forAdmins: true },
  { to: "/audit", name: "Audit log", key: "l", icon: ScrollText, forAdmins: true },
  { to: "/providers", name: "Providers", key: "v", icon: RadioTower, forAdmins: true },
  { to: "/settings", name: "Settings", key: "t", icon: Settings },
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
