/** A value that has stood still for a moment, so that nothing is asked at every key. */
import { useEffect, useState } from "react";

const STILL_MS = 250;

export function useDebounced<T>(value: T): T {
  const [still, setStill] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(value), STILL_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return still;
}
