/** Styles a piece of text. */
export type Style = (text: string) => string;

/** Colours by meaning. */
export interface Styles {
  readonly bad: Style;
  readonly good: Style;
  readonly warning: Style;
  /** For what matters less. */
  readonly faint: Style;
  readonly strong: Style;
}

/** Styles for a terminal; without colours they do nothing. */
export function createStyles(hasColor: boolean): Styles {
  const style =
    (on: number, off: number): Style =>
    (text) =>
      hasColor ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bad: style(31, 39),
    good: style(32, 39),
    warning: style(33, 39),
    faint: style(2, 22),
    strong: style(1, 22),
  };
}
