import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { PageState } from "./state";

/** What all parts of the page share. */
export interface PageContext {
  readonly state: PageState;
  /** Shows another state; the browser's Back returns to the previous one. */
  readonly show: (next: PageState) => void;
  /** Changes when something was recorded. */
  readonly version: string;
  /** Epoch milliseconds of the last change: periods end at this time. */
  readonly nowMs: number;
}

export const Shared = createContext<PageContext | undefined>(undefined);

export function usePage(): PageContext {
  const context = useContext(Shared);
  if (context === undefined) throw new Error("there is no page around this");
  return context;
}
