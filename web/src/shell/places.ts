/** Where one can go: the navigation, the palette and the `g` keys share this list. */
import {
  Bell,
  CalendarClock,
  ChartNoAxesColumn,
  House,
  Inbox,
  Layers,
  type LucideIcon,
  Settings,
  Siren,
} from "lucide-react";

export interface Place {
  to: string;
  name: string;
  key: string;
  icon: LucideIcon;
}

export const PLACES = [
  { to: "/", name: "Home", key: "h", icon: House },
  { to: "/incidents", name: "Incidents", key: "i", icon: Siren },
  { to: "/alerts", name: "Alerts", key: "a", icon: Bell },
  { to: "/on-call", name: "On call", key: "o", icon: CalendarClock },
  { to: "/services", name: "Services", key: "s", icon: Layers },
  { to: "/messages", name: "Needs attention", key: "m", icon: Inbox },
  { to: "/reports", name: "Reports", key: "r", icon: ChartNoAxesColumn },
  { to: "/settings", name: "Settings", key: "t", icon: Settings },
] as const satisfies readonly Place[];
