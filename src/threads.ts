/** Entry points of the threads. In the published package `threads-built.ts` replaces this file. */
export const THREADS = {
  writer: (): string => new URL("./writer/writer-thread.ts", import.meta.url).href,
  forwarder: (): string => new URL("./forward/forward-thread.ts", import.meta.url).href,
  dashboard: (): string => new URL("./dashboard/dashboard-thread.ts", import.meta.url).href,
  budgets: (): string => new URL("./budget/budget-thread.ts", import.meta.url).href,
};
