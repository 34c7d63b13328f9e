/**
 * The frame of every screen: navigation, live badge, keys, and the dialogs that
 * can be opened from anywhere. It waits for the session, since a time without
 * its reader's zone would be wrong.
 */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useMatchRoute, useNavigate } from "@tanstack/react-router";
import clsx from "clsx";
import { Menu, Plus, Search } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { lazy, Suspense, useEffect, useRef } from "react";
import { Toaster } from "sonner";
import * as queries from "@/api/queries";
import { LiveBadge } from "@/live/badge";
import { Failure, Loading } from "@/ui/block";
import { Button, buttonClass } from "@/ui/button";
import { useMedia } from "@/ui/media";
import { ZoneContext } from "@/ui/time";
import { useKeys } from "./keys";
import { openOverlay, useOverlay } from "./open";
import { SECTIONS, usePlaces } from "./places";
import { undoLast } from "./undo";

const Palette = lazy(() => import("./palette"));
const Help = lazy(() => import("./help"));
const Declare = lazy(() => import("@/incident/declare"));
const PagePerson = lazy(() => import("@/oncall/page-person"));

const TOAST = {
  toast:
    "flex w-full items-center gap-3 rounded-md border border-edge bg-raised px-4 py-3 font-sans text-14 text-text sm:w-[22.25rem]",
  content: "min-w-0 flex-1",
  icon: "flex size-4 shrink-0 items-center justify-center",
  actionButton: buttonClass("primary", "ml-auto shrink-0"),
};

export function Layout() {
  const session = useQuery(queries.session());
  if (!session.data) {
    return (
      <main id="main" className="mx-auto max-w-xl p-6">
        <h1 className="mb-4 text-20 font-semibold">Muster</h1>
        {session.error ? (
          <Failure error={session.error} retry={() => void session.refetch()} />
        ) : (
          <Loading what="your session" />
        )}
      </main>
    );
  }
  return (
    <ZoneContext value={session.data.user.timezone}>
      <Frame organization={session.data.organization.name} demo={session.data.demo} />
    </ZoneContext>
  );
}

function Frame({ organization, demo }: { organization: string; demo: boolean }) {
  const [overlay, setOverlay] = useOverlay();
  const close = (open: boolean) => setOverlay(open ? overlay : null);
  // On a phone the moves of an incident are at the bottom; nothing may cover them.
  const wide = useMedia("(min-width: 48rem)");
  useGlobalKeys();
  useFocusOnNavigation();
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[13rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-sm focus:bg-text focus:px-3 focus:py-2 focus:text-bg"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh min-h-0 flex-col border-r bg-surface lg:flex">
        <Brand organization={organization} />
        <Navigation label="Main" />
      </aside>
      <div className="min-w-0">
        <TopBar organization={organization} demo={demo} />
        <main id="main" tabIndex={-1} className="mx-auto max-w-[88rem] p-4 outline-none md:p-6">
          <Suspense fallback={<Loading what="the screen" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <MobileMenu open={overlay === "menu"} onOpenChange={close} organization={organization} />
      <Suspense fallback={null}>
        {overlay === "palette" ? <Palette open onOpenChange={close} /> : null}
        {overlay === "help" ? <Help open onOpenChange={close} /> : null}
        {overlay === "declare" ? <Declare open onOpenChange={close} /> : null}
        {overlay === "page" ? <PagePerson open onOpenChange={close} /> : null}
      </Suspense>
      <Toaster
        position={wide ? "bottom-center" : "top-center"}
        mobileOffset={{ top: 64 }}
        duration={6_000}
        containerAriaLabel="Notifications"
        hotkey={["altKey", "KeyN"]}
        toastOptions={{ unstyled: true, classNames: TOAST }}
      />
    </div>
  );
}

function TopBar({ organization, demo }: { organization: string; demo: boolean }) {
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b bg-surface px-3 lg:px-6">
      <Button
        emphasis="quiet"
        className="lg:hidden"
        aria-label="Open the menu"
        onClick={() => openOverlay("menu")}
      >
        <Menu className="size-5" aria-hidden="true" />
      </Button>
      <span className="min-w-0 truncate font-semibold lg:hidden">{organization}</span>
      {demo ? (
        <span className="hidden rounded-sm border border-dashed border-edge px-2 text-12 text-muted sm:inline">
          Demo: nothing here is real
        </span>
      ) : null}
      <div className="ml-auto flex items-center gap-2">
        <LiveBadge />
        <Button
          emphasis="quiet"
          onClick={() => openOverlay("palette")}
          aria-label="Search and commands, Ctrl K"
        >
          <Search className="size-4" aria-hidden="true" />
          <kbd className="hidden text-12 text-muted md:inline">Ctrl K</kbd>
        </Button>
        <Button onClick={() => openOverlay("declare")} aria-label="Declare an incident">
          <Plus className="size-4" aria-hidden="true" />
          <span className="hidden sm:inline">Declare</span>
        </Button>
      </div>
    </header>
  );
}

function Brand({ organization }: { organization: string }) {
  return (
    <div className="flex h-14 items-center gap-2 border-b px-4">
      <svg viewBox="0 0 32 32" className="size-6 shrink-0" aria-hidden="true">
        <path
          d="M5 25V8l11 10L27 8v17"
          fill="none"
          stroke="currentColor"
          strokeWidth="3.4"
          strokeLinejoin="round"
          strokeLinecap="round"
        />
      </svg>
      <span className="min-w-0 truncate font-semibold">{organization}</span>
    </div>
  );
}

function Navigation({ label, onGo }: { label: string; onGo?: () => void }) {
  const failed = useQuery(queries.failedMessages());
  const waiting = failed.data?.items.length ?? 0;
  const places = usePlaces();
  const matches = useMatchRoute();
  /** Whether a place within that one is where one is. */
  const isNearer = (to: string) =>
    places.some((other) => other.to.startsWith(`${to}/`) && matches({ to: other.to, fuzzy: true }) !== false);
  return (
    <nav aria-label={label} className="flex flex-col gap-2 overflow-y-auto p-2">
      {SECTIONS.map((section) => (
        <div key={section}>
          <p className="px-3 pt-1 pb-0.5 text-12 text-muted" aria-hidden="true">
            {section}
          </p>
          <ul aria-label={section} className="flex flex-col gap-0.5">
            {places
              .filter((place) => place.section === section)
              .map(({ to, name, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    onClick={onGo}
                    activeOptions={{ exact: to === "/" || isNearer(to) }}
                    className={buttonClass("quiet", "w-full min-h-10 justify-start! no-underline lg:min-h-8")}
                    activeProps={{ className: "bg-raised font-semibold!" }}
                  >
                    <Icon className="size-4 text-muted" aria-hidden="true" />
                    <span>{name}</span>
                    {to === "/messages" && waiting > 0 ? (
                      <span className="ml-auto rounded-sm border border-edge px-1.5 text-12">
                        {failed.data?.next ? `${waiting}+` : waiting}
                      </span>
                    ) : null}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function MobileMenu({
  open,
  onOpenChange,
  organization,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  organization: string;
}) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[#000000aa]" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 w-72 max-w-[85vw] overflow-y-auto border-r border-edge bg-surface"
        >
          <Radix.Title className="sr-only">Menu</Radix.Title>
          <Brand organization={organization} />
          <Navigation label="Menu" onGo={() => onOpenChange(false)} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function useGlobalKeys(): void {
  const navigate = useNavigate();
  const go = Object.fromEntries(usePlaces().map(({ key, to }) => [`g ${key}`, () => void navigate({ to })]));
  useKeys({
    ...go,
    "Ctrl+k": () => openOverlay("palette"),
    "?": () => openOverlay("help"),
    "/": () => void navigate({ to: "/search" }),
    c: () => openOverlay("declare"),
    z: () => void undoLast(),
  });
}

/** After a move the reader starts at the top of the new screen, by sight and by ear. */
function useFocusOnNavigation(): void {
  const { pathname } = useLocation();
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of path is the occasion.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [pathname]);
}

export function NotFound() {
  return (
    <div className={clsx("panel p-6")}>
      <h1 className="text-24 font-semibold">There is nothing here</h1>
      <p className="mt-2 text-muted">The address may be mistyped, or what it named was removed.</p>
      <Link to="/" className={buttonClass("primary", "mt-4")}>
        Go home
      </Link>
    </div>
  );
}
