/** A whole number with separators between its thousands: `5,924`. */
export function formatCount(value: number): string {
  return groupThousands(String(Math.round(value)));
}

/** A count with its noun: `1 execution`, `5,924 executions`. */
export function formatCountOf(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : `${noun}s`}`;
}

/**
 * US dollars without the currency: two decimals from 1 on, four below, and always two significant digits, so that
 * 0.00042 doesn't become zero: `12,345.67`, `0.0412`, `0.00042`.
 */
export function formatUsd(value: number): string {
  const amount = Math.abs(value);
  if (amount === 0 || amount >= 0.99995) return groupThousands(value.toFixed(2));
  const decimals = Math.max(4, 1 - Math.floor(Math.log10(amount)));
  return decimals > 12 ? value.toPrecision(2) : value.toFixed(decimals).replace(/(\.\d{4,}?)0+$/, "$1");
}

/** With more decimals, one tiny amount would make a whole column unreadable. */
const MOST_DECIMALS = 6;

/**
 * Formats the amounts of one column with as many decimals as the one that needs the most, so that they can be compared
 * at a glance. A non-zero amount that would be shown as zero gets more decimals.
 */
export function usdColumn(amounts: Iterable<number>): (value: number) => string {
  let decimals = 2;
  for (const amount of amounts) decimals = Math.max(decimals, decimalsOf(formatUsd(amount)));
  decimals = Math.min(decimals, MOST_DECIMALS);
  return (value) => {
    const text = value.toFixed(decimals);
    return Number.isFinite(value) && !text.includes("e") && (value === 0 || Number(text) !== 0)
      ? groupThousands(text)
      : formatUsd(value);
  };
}

function decimalsOf(text: string): number {
  return /^-?[\d,]+\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
}

/** A share from 0 to 1 as a percentage: `12.3 %`. */
export function formatShare(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** A duration in the two units that matter: `850 ms`, `8.5 s`, `5 min 12 s`, `1 h 02 min`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(ms / 60_000);
  return `${groupThousands(String(Math.floor(minutes / 60)))} h ${twoDigits(minutes % 60)} min`;
}

/** A size in the largest fitting unit, with factors of 1000: `417 B`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < BYTE_UNITS.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 ? value : value.toFixed(value < 99.95 ? 1 : 0)} ${BYTE_UNITS[unit]}`;
}

/**
 * Escapes text from unknown sources for a terminal: control characters, invisible characters and unpaired surrogates
 * become `\u{…}`, so that they can't move the cursor, and no two names look the same.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function groupThousands(digits: string): string {
  return digits.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
