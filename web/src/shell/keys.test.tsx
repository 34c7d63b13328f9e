// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Bindings, useKeys } from "./keys";

beforeEach(() => localStorage.clear());
afterEach(cleanup);

function Screen({ bindings, inner }: { bindings: Bindings; inner?: Bindings }) {
  useKeys(bindings);
  return (
    <>
      <input aria-label="box" />
      {inner ? <Screen bindings={inner} /> : null}
    </>
  );
}

function press(key: string, target: Element = document.body, rest = {}): void {
  fireEvent.keyDown(target, { key, ...rest });
}

it("acts on a letter, but not while somebody types", () => {
  const acknowledge = vi.fn();
  render(<Screen bindings={{ a: acknowledge }} />);
  press("a");
  press("a", screen.getByLabelText("box"));
  expect(acknowledge).toHaveBeenCalledTimes(1);
});

it("takes two keys in a row as one", () => {
  const incidents = vi.fn();
  const other = vi.fn();
  render(<Screen bindings={{ "g i": incidents, i: other }} />);
  press("g");
  press("i");
  press("i");
  expect(incidents).toHaveBeenCalledTimes(1);
  expect(other).toHaveBeenCalledTimes(1);
});

it("lets what was mounted last win", () => {
  const outer = vi.fn();
  const inner = vi.fn();
  const { rerender } = render(<Screen bindings={{ r: outer }} />);
  rerender(<Screen bindings={{ r: outer }} inner={{ r: inner }} />);
  press("r");
  expect(inner).toHaveBeenCalledTimes(1);
  expect(outer).not.toHaveBeenCalled();
});

it("keeps chords when single letters are switched off, also while typing", () => {
  const letter = vi.fn();
  const palette = vi.fn();
  localStorage.setItem("muster.keys", "off");
  render(<Screen bindings={{ a: letter, "Ctrl+k": palette }} />);
  press("a");
  press("k", screen.getByLabelText("box"), { ctrlKey: true });
  expect(letter).not.toHaveBeenCalled();
  expect(palette).toHaveBeenCalledTimes(1);
});
