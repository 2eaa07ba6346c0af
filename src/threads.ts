/** Where our threads begin. In the published package `threads-built.ts` takes the place of this file. */
export const THREADS = {
  writer: (): string => new URL("./writer/writer-thread.ts", import.meta.url).href,
  forwarder: (): string => new URL("./forward/forward-thread.ts", import.meta.url).href,
};
