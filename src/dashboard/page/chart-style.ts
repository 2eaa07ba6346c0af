import { useEffect, useState } from "preact/hooks";

/** A colour's role in a chart: one of the series, or a meaning. */
export type Tone = 0 | 1 | 2 | 3 | 4 | 5 | "others" | "accent" | "muted" | "good" | "bad";

/** One series of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly kind: "bar" | "line";
  readonly tone: Tone;
  /** One value per label; `null` is unknown. */
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
  /** A bound of a band: thin, without points, and not in the legend. */
  readonly isBound?: boolean;
}

/** Colours and fonts of the page's current theme. */
export interface Palette {
  readonly faint: string;
  readonly line: string;
  readonly shade: string;
  readonly bad: string;
  readonly panel: string;
  readonly font: string;
  readonly toneOf: (tone: Tone) => string;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    faint: read("faint"),
    line: read("line"),
    shade: read("shade"),
    bad: read("bad"),
    panel: read("panel"),
    font: `11px ${style.fontFamily}`,
    toneOf: (tone) => read(typeof tone === "number" ? `series-${tone}` : tone),
  };
}

/** Series differ not only in colour: every other one is hatched. */
const HATCHED: ReadonlySet<Tone> = new Set([1, 3, 5, "bad"]);

export function swatchClass(tone: Tone): string {
  return `tone-${tone}${HATCHED.has(tone) ? " hatched" : ""}`;
}

/** The fill of a tone's bars. */
export function fillOf(tone: Tone, palette: Palette): () => string | CanvasPattern {
  const colour = palette.toneOf(tone);
  return () => (HATCHED.has(tone) ? (hatched(colour, palette.panel) ?? colour) : colour);
}

function hatched(colour: string, ground: string): CanvasPattern | null {
  const size = Math.round(6 * devicePixelRatio);
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const context = tile.getContext("2d");
  if (context === null) return null;
  context.fillStyle = colour;
  context.fillRect(0, 0, size, size);
  context.strokeStyle = ground;
  context.globalAlpha = 0.55;
  context.lineWidth = size / 4;
  context.beginPath();
  for (const offset of [-size, 0, size]) {
    context.moveTo(offset - 1, size + 1);
    context.lineTo(offset + size + 1, -1);
  }
  context.stroke();
  return context.createPattern(tile, "repeat");
}

/** The current theme of the system. */
export function useTheme(): "dark" | "light" {
  const [isDark, setIsDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const update = () => setIsDark(query.matches);
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }, []);
  return isDark ? "dark" : "light";
}

/** A label as people write it: `Fri 27 Nov 2026` for a day, anything else as it is. */
export function readable(label: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(label)) return label;
  const format = {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  } as const;
  return new Intl.DateTimeFormat("en-GB", format).format(Date.parse(`${label}T00:00Z`));
}
