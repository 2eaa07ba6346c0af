import { useEffect, useRef, useState } from "preact/hooks";

/** An error as the API answers with it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What was asked for, as far as it has arrived. */
export interface Loaded<Data> {
  /** The latest answer. While `isLoading`, it may answer an earlier question; with a `problem`, it is outdated. */
  readonly data: Data | undefined;
  /** Why the latest answer did not come. */
  readonly problem: Problem | undefined;
  /** Whether the answer to the current question is still to come. */
  readonly isLoading: boolean;
  readonly retry: () => void;
}

const UNREACHABLE: Problem = {
  code: "UNEXPECTED",
  message: "The dashboard does not answer.",
  hint: "Is the application still running?",
};

/** On a large ledger that is written to all the time, a question may run for at most this share of the time. */
const BUSY_SHARE = 0.1;
/** An answer may also have been slow because the machine was busy: it is not put off for longer than this. */
const LONGEST_REST_MS = 30_000;

/**
 * Asks the API, and again when `version` changes. It never asks while an answer is pending, and the slower the last
 * answer was, the longer it waits. The latest answer stays until there is a newer one.
 */
export function useAnswer<Data>(path: string | undefined, version: unknown): Loaded<Data> {
  const [answer, setAnswer] = useState<{ path: string; data: Data }>();
  const [problem, setProblem] = useState<Problem>();
  const [tries, setTries] = useState(0);
  const asking = useRef<{ path: string; isOutdated: boolean } | undefined>(undefined);
  const abort = useRef<AbortController | undefined>(undefined);
  const rest = useRef<{ path: string; endsAtMs: number } | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) return;
    if (asking.current?.path === path) {
      asking.current.isOutdated = true;
      return;
    }
    const askNow = () => {
      abort.current?.abort();
      const current = new AbortController();
      abort.current = current;
      const now = { path, isOutdated: false };
      asking.current = now;
      const startMs = performance.now();
      const finish = (settle: () => void) => {
        if (current.signal.aborted) return;
        asking.current = undefined;
        settle();
        if (now.isOutdated) setTries((before) => before + 1);
      };
      ask<Data>(path, current.signal).then(
        (data) =>
          finish(() => {
            // The first answer had to wait for threads to start and for files to be read.
            const isFirst = rest.current?.path !== path;
            const tookMs = isFirst ? 0 : performance.now() - startMs;
            rest.current = {
              path,
              endsAtMs: startMs + Math.min(tookMs / BUSY_SHARE, tookMs + LONGEST_REST_MS),
            };
            setAnswer({ path, data });
            setProblem(undefined);
          }),
        (reason) =>
          finish(() => {
            rest.current = undefined;
            setProblem(reason);
          }),
      );
    };
    const waitMs = rest.current?.path === path ? rest.current.endsAtMs - performance.now() : 0;
    if (waitMs <= 0) return askNow();
    const timer = setTimeout(askNow, waitMs);
    return () => clearTimeout(timer);
  }, [path, version, tries]);
  useEffect(() => () => abort.current?.abort(), []);
  return {
    data: path === undefined ? undefined : answer?.data,
    problem: path === undefined ? undefined : problem,
    isLoading: path !== undefined && answer?.path !== path && problem === undefined,
    retry: () => setTries((before) => before + 1),
  };
}

/** @throws a {@link Problem} */
export async function ask<Data>(path: string, signal?: AbortSignal): Promise<Data> {
  // The browser sends the ETag of the answer it has, and reuses that answer if nothing has changed.
  const response = await fetch(path, { cache: "no-cache", ...(signal && { signal }) }).catch(() => {
    throw UNREACHABLE;
  });
  const body = await response.json().catch(() => {
    throw UNREACHABLE;
  });
  if (!response.ok) throw (body as { readonly error?: Problem }).error ?? UNREACHABLE;
  return body as Data;
}

/** Whether the page is told what is recorded. */
export interface LiveState {
  readonly isConnected: boolean;
  /** When the connection was lost. */
  readonly lostAt: number | undefined;
  /** Changes when something was recorded. */
  readonly version: string;
}

const RECONNECT_MS = 2_000;
/** While much is recorded, figures are requested no more often than this. */
const EVERY_MS = 1_000;

/** Listens for changes while the page is visible; reconnects by itself. */
export function useLive(): LiveState {
  const [live, setLive] = useState<LiveState>({ isConnected: false, lostAt: undefined, version: "" });
  const latest = useRef("");
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let due: ReturnType<typeof setTimeout> | undefined;
    const tell = () => {
      due = undefined;
      setLive({ isConnected: true, lostAt: undefined, version: latest.current });
    };
    const connect = () => {
      const stream = new EventSource("./api/live");
      source = stream;
      stream.addEventListener("version", ({ data }) => {
        const { version } = JSON.parse(data) as { version: string };
        const isFirst = latest.current === "";
        latest.current = version;
        if (isFirst) tell();
        else due ??= setTimeout(tell, EVERY_MS);
      });
      stream.addEventListener("open", () =>
        setLive((before) => ({ ...before, isConnected: true, lostAt: undefined })),
      );
      stream.addEventListener("error", () => {
        setLive((before) => ({ ...before, isConnected: false, lostAt: before.lostAt ?? Date.now() }));
        // A browser doesn't reconnect after an error response.
        if (stream.readyState === EventSource.CLOSED) again = setTimeout(connect, RECONNECT_MS);
      });
    };
    const disconnect = () => {
      clearTimeout(again);
      clearTimeout(due);
      due = undefined;
      source?.close();
    };
    // A browser has six connections for all its tabs, so a hidden tab uses none.
    const follow = () => {
      disconnect();
      if (!document.hidden) return connect();
      setLive((before) => ({ ...before, isConnected: false, lostAt: undefined }));
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      disconnect();
    };
  }, []);
  return live;
}

/** A number that changes at an interval while the page is visible. */
export function useTicks(everyMs: number): number {
  const [ticks, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setTicks((before) => before + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return ticks;
}

/** A version that follows another one at most once per interval: for questions that read everything. */
export function useSlowly(version: string, everyMs: number): string {
  const [slow, setSlow] = useState(version);
  const setAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, setAt.current + everyMs - Date.now());
    const timer = setTimeout(() => {
      setAt.current = Date.now();
      setSlow(version);
    }, wait);
    return () => clearTimeout(timer);
  }, [version, everyMs]);
  return slow;
}
