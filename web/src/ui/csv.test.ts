import { expect, it } from "vitest";
import { toCsv } from "./csv";

const columns = {
  number: (row: { n: number; t: string | null }) => row.n,
  title: (row: { t: string | null }) => row.t,
};

it("quotes what needs it and leaves gaps empty", () => {
  const rows = [
    { n: 1, t: 'disk "full", again' },
    { n: 2, t: null },
  ];
  expect(toCsv(rows, columns)).toBe('number,title\r\n1,"disk ""full"", again"\r\n2,\r\n');
});

it("disarms formulas in titles that came from outside, and leaves numbers alone", () => {
  expect(toCsv([{ n: -3, t: "=HYPERLINK(1)" }], columns)).toBe("number,title\r\n-3,'=HYPERLINK(1)\r\n");
});
