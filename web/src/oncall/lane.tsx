/**
 * One lane of a schedule: shifts as bars. Where overrides are planned, dragging along the
 * lane asks for one, and those of the draft are moved by their middle, made longer or
 * shorter by their ends, and do the same by keys. A finger scrolls; thumbs have the form.
 */
import clsx from "clsx";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { dragged, HOUR_MS, meant, type Part, placed, type Ruler, type Stretch } from "./ruler";

const ROW_REM = 2;
/** A pointer that moves less than this clicks. */
const DRAG_PX_MIN = 4;

export interface Bar extends Stretch {
  words: string;
  title: string;
  /** Which override of the draft it is; null for what cannot be moved here. */
  own: number | null;
}

/** What dragging leads to. */
export interface Moves {
  /** Somebody drew a stretch where there was nothing of theirs. */
  onDraw: (stretch: Stretch) => void;
  onMove: (own: number, stretch: Stretch) => void;
  /** By a key: the same, told to screen readers. */
  onNudge: (own: number, stretch: Stretch) => void;
  onOpen: (own: number) => void;
  onRemove: (own: number) => void;
}

interface LaneProps {
  name: string;
  ruler: Ruler;
  rows: Bar[][];
  /** When nobody would be there, in words; drawn over the whole height. */
  gaps: (Stretch & { title: string })[];
  /** Left out where nothing is planned. */
  moves?: Moves | undefined;
}

export function Lane({ name, ruler, rows, gaps, moves }: LaneProps) {
  const [drawn, setDrawn] = useState<Stretch | null>(null);
  const start = useRef<number | null>(null);
  const placeOf = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return meant(ruler, (event.clientX - left) / width);
  };
  const begin = (event: PointerEvent<HTMLElement>) => {
    if (!moves || event.button !== 0 || event.pointerType === "touch") return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = placeOf(event);
  };
  const draw = (event: PointerEvent<HTMLElement>) => {
    if (start.current === null) return;
    const [from, to] = [start.current, placeOf(event)].sort((a, b) => a - b) as [number, number];
    setDrawn(from < to ? { from, to } : null);
  };
  const end = () => {
    if (drawn && start.current !== null) moves?.onDraw(drawn);
    start.current = null;
    setDrawn(null);
  };
  const cancel = () => {
    start.current = null;
    setDrawn(null);
  };
  return (
    <div className="flex items-center border-b py-1.5 last:border-b-0">
      <p className="w-28 shrink-0 truncate px-2 text-13 font-medium">{name}</p>
      <ul
        aria-label={name}
        className={clsx("relative flex-1", moves && "cursor-crosshair select-none")}
        style={{ height: `${ROW_REM * Math.max(1, rows.length)}rem` }}
        onPointerDown={begin}
        onPointerMove={draw}
        onPointerUp={end}
        onPointerCancel={cancel}
      >
        {gaps.map((gap) => (
          <li
            key={gap.from}
            className="lane-gap absolute inset-y-0 rounded-sm"
            style={placed(ruler, gap)}
            title={gap.title}
          >
            <span className="sr-only">{gap.title}</span>
          </li>
        ))}
        {rows.flatMap((bars, row) =>
          bars.map((bar) =>
            moves && bar.own !== null ? (
              <OwnBar key={`own ${bar.own}`} bar={bar} own={bar.own} row={row} ruler={ruler} moves={moves} />
            ) : (
              <li
                key={`${bar.from} ${bar.words}`}
                className="absolute h-8 overflow-hidden rounded-sm border border-edge bg-raised px-1 text-12 leading-8 text-ellipsis whitespace-nowrap"
                style={{ ...placed(ruler, bar), top: `${ROW_REM * row}rem` }}
                title={bar.title}
              >
                {bar.words}
              </li>
            ),
          ),
        )}
        {drawn ? (
          <li
            aria-hidden="true"
            className="pointer-events-none absolute inset-y-0 rounded-sm border-2 border-dashed border-text"
            style={placed(ruler, drawn)}
          />
        ) : null}
      </ul>
    </div>
  );
}

/** An override of the draft: dragged, or moved by keys. */
function OwnBar({
  bar,
  own,
  row,
  ruler,
  moves,
}: {
  bar: Bar;
  own: number;
  row: number;
  ruler: Ruler;
  moves: Moves;
}) {
  const [shown, setShown] = useState<Stretch | null>(null);
  const hold = useRef<{ part: Part; x: number; width: number } | null>(null);
  const wasDragged = useRef(false);
  const begin = (event: PointerEvent<HTMLElement>) => {
    event.stopPropagation();
    wasDragged.current = false;
    if (event.button !== 0 || event.pointerType === "touch") return;
    const lane = event.currentTarget.closest("ul");
    const part = (event.target as HTMLElement).dataset.part as Part | undefined;
    event.currentTarget.setPointerCapture(event.pointerId);
    hold.current = {
      part: part ?? "whole",
      x: event.clientX,
      width: lane?.getBoundingClientRect().width ?? 1,
    };
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    event.stopPropagation();
    if (!hold.current) return;
    const { part, x, width } = hold.current;
    const far = event.clientX - x;
    if (shown === null && Math.abs(far) < DRAG_PX_MIN) return;
    setShown(dragged(ruler, bar, part, far / width));
  };
  const end = (event: PointerEvent<HTMLElement>) => {
    event.stopPropagation();
    if (hold.current && shown) {
      wasDragged.current = true;
      moves.onMove(own, shown);
    }
    cancel();
  };
  const cancel = () => {
    hold.current = null;
    setShown(null);
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (event.key === "Escape") cancel();
    else if (event.key === "Delete") moves.onRemove(own);
    else if (step === 0 || event.altKey || event.metaKey) return;
    else {
      const far = step * HOUR_MS * (event.ctrlKey ? 24 : 1);
      const from = event.shiftKey ? bar.from : bar.from + far;
      if (bar.to + far > from) moves.onNudge(own, { from, to: bar.to + far });
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <li
      className="absolute h-8 min-w-3"
      style={{ ...placed(ruler, shown ?? bar), top: `${ROW_REM * row}rem` }}
    >
      <button
        type="button"
        title={bar.title}
        className="relative block size-full cursor-grab overflow-hidden rounded-sm border-2 border-text bg-raised px-1.5 text-left text-12 leading-7 font-semibold text-ellipsis whitespace-nowrap"
        onPointerDown={begin}
        onPointerMove={drag}
        onPointerUp={end}
        onPointerCancel={cancel}
        // The press that ends a drag is no click.
        onClick={(event) => (wasDragged.current && event.detail > 0 ? null : moves.onOpen(own))}
        onKeyDown={press}
      >
        <span data-part="from" className="absolute inset-y-0 left-0 w-1.5 cursor-ew-resize" />
        {bar.words}
        <span className="sr-only">{bar.title.slice(bar.words.length)}</span>
        <span data-part="to" className="absolute inset-y-0 right-0 w-1.5 cursor-ew-resize" />
      </button>
    </li>
  );
}
