/**
 * Which of the app-wide dialogs is open. They are asked for from many places
 * (keys, palette, buttons), so the request is an event and the shell answers it.
 */
import { useEffect, useState } from "react";

export type Overlay = "palette" | "help" | "declare" | "page" | "menu";

const EVENT = "muster:open";

export function openOverlay(overlay: Overlay): void {
  window.dispatchEvent(new CustomEvent<Overlay>(EVENT, { detail: overlay }));
}

export function useOverlay(): [Overlay | null, (overlay: Overlay | null) => void] {
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  useEffect(() => {
    const listen = (event: Event) => setOverlay((event as CustomEvent<Overlay>).detail);
    window.addEventListener(EVENT, listen);
    return () => window.removeEventListener(EVENT, listen);
  }, []);
  return [overlay, setOverlay];
}
