import { printable } from "./values";

/** A column of a text table. */
export interface TableColumn<Row> {
  readonly header: string;
  /** The text of the cell. Unprintable characters are escaped. */
  readonly text: (row: Row) => string;
  /** Default `left`; numbers are aligned `right`. */
  readonly align?: "left" | "right";
  /** Whether its text may continue on the next line if the table is too wide: names are wrapped, never cut. */
  readonly canWrap?: boolean;
  /** Left out if the table is too wide despite wrapping: the highest first. Default: never. */
  readonly omission?: number;
  /** Colours the cell after alignment. */
  readonly style?: (cell: string, row: Row) => string;
}

/** A table with fixed column widths, to which rows can be added. */
export interface TableLayout<Row> {
  /** The headers and the rule below them. */
  readonly head: string;
  /** Only the rule, to set rows apart. */
  readonly rule: string;
  /** Rows, each ending in a line break. */
  readonly format: (rows: readonly Row[]) => string;
  /** Headers of the columns that were left out for lack of room. */
  readonly omitted: readonly string[];
}

const GAP = "  ";
/**
 * Columns are left out before a name is wrapped to less than the first width; after that, names are wrapped down to the
 * second.
 */
const COMFORTABLE = 18;
const NARROWEST = 8;
/** Characters after which a name is wrapped if possible. */
const AFTER_LAST_SEPARATOR = /[^/\-_.:@ ]*$/;
const ASCII = /^[ -~]*$/;

/** Rows as aligned columns under their headers, fitted into `width` as far as possible without cutting. */
export function formatTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  width: number,
): string {
  const { head, format } = layOutTable(columns, rows, width);
  return head + format(rows);
}

/** Fits the columns to some rows. In later rows, cells are wrapped if they may be, and otherwise wider. */
export function layOutTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  width: number,
): TableLayout<Row> {
  const natural = columns.map((column) => ({ column, width: naturalWidth(column, rows) }));
  const fitted = shrink(shrink(omit(natural, width), width, COMFORTABLE), width, NARROWEST);
  const headers = fitted.map(({ column }) => column.header);
  const rule = joinCells(fitted.map(({ width }) => "─".repeat(width)));
  return {
    head: joinCells(fitted.map(({ column, width }) => align(column.header, width, column.align))) + rule,
    rule,
    format: (more) => more.map((row) => formatRow(fitted, row)).join(""),
    omitted: columns.map(({ header }) => header).filter((header) => !headers.includes(header)),
  };
}

interface FittedColumn<Row> {
  readonly column: TableColumn<Row>;
  readonly width: number;
}

function naturalWidth<Row>({ header, text }: TableColumn<Row>, rows: readonly Row[]): number {
  const ofHeader = Bun.stringWidth(header);
  return rows.reduce((widest, row) => Math.max(widest, Bun.stringWidth(printable(text(row)))), ofHeader);
}

function omit<Row>(columns: readonly FittedColumn<Row>[], available: number): readonly FittedColumn<Row>[] {
  const least = columns.map((column) => ({ width: Math.min(column.width, leastWidth(column, COMFORTABLE)) }));
  if (totalWidth(least) <= available) return columns;
  const first = Math.max(...columns.map(({ column }) => column.omission ?? 0));
  if (first === 0) return columns;
  return omit(
    columns.filter(({ column }) => column.omission !== first),
    available,
  );
}

/** Narrows the widest column that may be wrapped until all fit, or none can be narrowed further. */
function shrink<Row>(
  columns: readonly FittedColumn<Row>[],
  available: number,
  narrowest: number,
): readonly FittedColumn<Row>[] {
  const widths = columns.map(({ width }) => width);
  const least = columns.map((column) => leastWidth(column, narrowest));
  for (let excess = totalWidth(columns) - available; excess > 0; excess -= 1) {
    const candidates = widths.map((width, index) => (width > (least[index] ?? 0) ? width : 0));
    const widest = Math.max(...candidates);
    if (widest === 0) break;
    widths[candidates.indexOf(widest)] = widest - 1;
  }
  return columns.map(({ column, width }, index) => ({ column, width: widths[index] ?? width }));
}

/** The width to which a column may be narrowed. */
function leastWidth<Row>({ column: { canWrap, header } }: FittedColumn<Row>, narrowest: number): number {
  return canWrap === true ? Math.max(narrowest, Bun.stringWidth(header)) : Number.POSITIVE_INFINITY;
}

function totalWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP.length * (columns.length - 1));
}

function formatRow<Row>(columns: readonly FittedColumn<Row>[], row: Row): string {
  const cells = columns.map(({ column, width }) => {
    const text = printable(column.text(row));
    return column.canWrap === true ? wrap(text, width) : [text];
  });
  const height = Math.max(...cells.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, line) =>
    columns.map(({ column, width }, index) => {
      const cell = align(cells[index]?.[line] ?? "", width, column.align);
      return column.style?.(cell, row) ?? cell;
    }),
  );
  return lines.map(joinCells).join("");
}

function joinCells(cells: readonly string[]): string {
  return `${cells.join(GAP).trimEnd()}\n`;
}

function align(text: string, width: number, side: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return side === "left" ? text + space : space + text;
}

/** Splits text into lines no wider than `width`; joined, they are the same text. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (Bun.stringWidth(rest) > width) {
    const fitting = beginningOf(rest, width);
    const separated = fitting.search(AFTER_LAST_SEPARATOR);
    const end = separated > fitting.length / 3 ? separated : fitting.length;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...lines, rest];
}

/** As much of a text as fits, but at least one character. */
function beginningOf(text: string, width: number): string {
  // Fast path: most text is ASCII, and Intl takes long to load.
  if (ASCII.test(text)) return text.slice(0, Math.max(width, 1));
  const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
  let length = 0;
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += Bun.stringWidth(segment);
    if (used > width && length > 0) break;
    length += segment.length;
  }
  return text.slice(0, length);
}
