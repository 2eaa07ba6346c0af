/** How often a process that is kept alive looks whether that is of any use, in milliseconds. */
const CHECK_MS = 50;

/**
 * Keeps the process alive until a promise is settled, as whoever awaits it expects: our threads alone keep none alive.
 * While there is no hope it keeps nobody alive, as that may be for ever.
 */
export async function keptAlive<Value>(promise: Promise<Value>, isHopeless: () => boolean): Promise<Value> {
  const alive = setInterval(() => {
    if (isHopeless()) alive.unref();
    else alive.ref();
  }, CHECK_MS);
  try {
    return await promise;
  } finally {
    clearInterval(alive);
  }
}

/** As {@link keptAlive}, of which the rejection need not be anybody's business. */
export function keptAliveQuietly<Value>(promise: Promise<Value>, isHopeless: () => boolean): Promise<Value> {
  const kept = keptAlive(promise, isHopeless);
  kept.catch(() => {});
  return kept;
}
