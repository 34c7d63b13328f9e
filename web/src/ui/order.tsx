/**
 * A list whose order people change: by dragging, by Alt with the arrow keys, by
 * buttons where there is neither mouse nor keyboard. Each move is announced, and the
 * focus goes along with what is moved.
 */
import { ArrowDown, ArrowUp, GripVertical } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "./button";

type Control = "earlier" | "later";

export interface Order {
  id: string;
  count: number;
  /** What was moved last, for screen readers. */
  said: string;
  dragged: number | null;
  name: (index: number) => string;
  move: (from: number, to: number, control: Control) => void;
  setDragged: (index: number | null) => void;
}

interface OrderOptions {
  count: number;
  /** What an item is called when it is moved. */
  name: (index: number) => string;
  onMove: (from: number, to: number) => void;
}

export function useOrder({ count, name, onMove }: OrderOptions): Order {
  const id = useId();
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const next = useRef<{ to: number; control: Control } | null>(null);
  useEffect(() => {
    if (!next.current) return;
    const { to, control } = next.current;
    next.current = null;
    const find = (each: Control) => document.getElementById(`${id}${each}${to}`) as HTMLButtonElement | null;
    const wanted = find(control);
    (wanted && !wanted.disabled ? wanted : find(control === "earlier" ? "later" : "earlier"))?.focus();
  });
  const move = (from: number, to: number, control: Control) => {
    if (to < 0 || to >= count || to === from) return;
    next.current = { to, control };
    setSaid(`${name(from)} is now number ${to + 1} of ${count}`);
    onMove(from, to);
  };
  return { id, count, said, dragged, name, move, setDragged };
}

/** Says what was moved, and how to: once before each list, unless a list around it says so. */
export function OrderStatus({ order, hint = true }: { order: Order; hint?: boolean }) {
  return (
    <>
      <p className="sr-only" role="status">
        {order.said}
      </p>
      {hint && order.count > 1 ? (
        <p className="text-13 text-muted pointer-coarse:hidden">
          Drag to change the order, or press Alt with the arrow keys.
        </p>
      ) : null}
    </>
  );
}

/** What the element of an item takes: it is dropped on, and moved by Alt with an arrow key. */
export function orderItem(order: Order, index: number) {
  return {
    "data-dragged": order.dragged === index || undefined,
    onDragOver: (event: DragEvent) => {
      if (order.dragged !== null) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      if (order.dragged === null) return;
      event.preventDefault();
      order.move(order.dragged, index, "later");
      order.setDragged(null);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      // A select opens by the same keys.
      if (!event.altKey || step === 0 || event.target instanceof HTMLSelectElement) return;
      event.preventDefault();
      event.stopPropagation();
      order.move(index, index + step, step < 0 ? "earlier" : "later");
    },
  };
}

/** What the part of an item takes by which it is dragged; no field is in it, so that text can be chosen. */
export function orderGrip(order: Order, index: number) {
  return {
    draggable: true,
    title: "Drag, or Alt with the arrow keys",
    onDragStart: (event: DragEvent) => {
      const item = event.currentTarget.closest("li");
      if (item) event.dataTransfer.setDragImage(item, 16, 16);
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", order.name(index));
      order.setDragged(index);
    },
    onDragEnd: () => order.setDragged(null),
  };
}

/** The mark of what can be dragged. */
export function Grip() {
  return <GripVertical className="size-4 shrink-0 text-muted" aria-hidden="true" />;
}

/** One place earlier or later, for thumbs. */
export function MoveButtons({
  order,
  index,
  words = ["earlier", "later"],
}: {
  order: Order;
  index: number;
  words?: [string, string];
}) {
  const [earlier, later] = words;
  return (
    <>
      <Button
        emphasis="quiet"
        className="px-2!"
        id={`${order.id}earlier${index}`}
        aria-label={`Move ${order.name(index)} ${earlier}`}
        disabled={index === 0}
        onClick={() => order.move(index, index - 1, "earlier")}
      >
        <ArrowUp className="size-4" aria-hidden="true" />
      </Button>
      <Button
        emphasis="quiet"
        className="px-2!"
        id={`${order.id}later${index}`}
        aria-label={`Move ${order.name(index)} ${later}`}
        disabled={index === order.count - 1}
        onClick={() => order.move(index, index + 1, "later")}
      >
        <ArrowDown className="size-4" aria-hidden="true" />
      </Button>
    </>
  );
}
