/**
 * Keyboard shortcuts: one listener, a stack of bindings (the one mounted
 * last wins) and two-key sequences that start with `g`. Single letters can be
 * switched off, since speech input types them by accident (WCAG 2.1.4).
 */
import { useEffect, useRef, useSyncExternalStore } from "react";

export type Bindings = Record<string, () => void>;

const SEQUENCE_MS_MAX = 1_200;
const STORED = "muster.keys";

const stack: { current: Bindings }[] = [];
const listeners = new Set<() => void>();
let leader: { key: string; at: number } | null = null;

/** Binds keys (`j`, `g i`, `?`, `Ctrl+k`) while the calling component is mounted. */
export function useKeys(bindings: Bindings): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => {
    stack.push(latest);
    if (stack.length === 1) window.addEventListener("keydown", onKey);
    return () => {
      stack.splice(stack.indexOf(latest), 1);
      if (stack.length === 0) window.removeEventListener("keydown", onKey);
    };
  }, []);
}

export function useLetterKeys(): [boolean, (on: boolean) => void] {
  return [useSyncExternalStore(subscribe, letterKeysOn), setLetterKeys];
}

/** The name of a key press, with the leader in front when one is waiting. */
export function nameOf(event: KeyboardEvent, waiting: string | null): string | null {
  if (event.altKey || event.isComposing) return null;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.key.toLowerCase()}`;
  return waiting ? `${waiting} ${event.key}` : event.key;
}

function onKey(event: KeyboardEvent): void {
  const now = Date.now();
  const waiting = leader && now - leader.at < SEQUENCE_MS_MAX ? leader.key : null;
  leader = null;
  const name = nameOf(event, waiting);
  if (!name || event.defaultPrevented) return;
  const chord = name.startsWith("Ctrl+");
  if (!chord && (!letterKeysOn() || isTyping(event.target) || isDialogOpen())) return;
  if (name === "g") {
    leader = { key: "g", at: now };
    return;
  }
  const action = find(name);
  if (!action) return;
  event.preventDefault();
  action();
}

function find(name: string): (() => void) | undefined {
  for (let index = stack.length - 1; index >= 0; index -= 1) {
    const action = stack[index]?.current[name];
    if (action) return action;
  }
  return undefined;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

function isDialogOpen(): boolean {
  return document.querySelector('[role="dialog"],[role="menu"]') !== null;
}

function letterKeysOn(): boolean {
  return localStorage.getItem(STORED) !== "off";
}

function setLetterKeys(on: boolean): void {
  localStorage.setItem(STORED, on ? "on" : "off");
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
