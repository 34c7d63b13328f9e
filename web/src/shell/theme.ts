/** The choice of theme: the system's, dark or light; kept per browser. `theme.js` applies it before the first paint. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "dark" | "light";

const STORED = "muster.theme";
const listeners = new Set<() => void>();
const systemLight = window.matchMedia("(prefers-color-scheme: light)");
systemLight.addEventListener("change", apply);

export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, stored), choose];
}

function stored(): Theme {
  const value = localStorage.getItem(STORED);
  return value === "dark" || value === "light" ? value : "system";
}

function choose(theme: Theme): void {
  localStorage.setItem(STORED, theme);
  apply();
}

function apply(): void {
  const theme = stored();
  const light = theme === "light" || (theme === "system" && systemLight.matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", light ? "#F6F7F9" : "#0E1217");
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
