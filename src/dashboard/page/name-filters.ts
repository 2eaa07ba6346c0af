/** The filters that take names, named like the command line's options: parameters of the API, and of the page's URL. */
export const NAME_FILTERS = [
  "repo",
  "model",
  "provider",
  "event-type",
  "conclusion",
  "label",
  "pr",
  "session",
  "ledger",
] as const;
