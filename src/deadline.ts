/** Whether the work takes longer than the time. The work continues; its failure is not reported here. */
export async function outlasts(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const { promise: timeout, resolve } = Promise.withResolvers<true>();
  const timer = setTimeout(() => resolve(true), timeoutMs);
  const done = work.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([done, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
