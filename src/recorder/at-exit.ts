const actions = new Set<() => void>();

function runAll(): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // The process is ending: a failure must neither stop the other actions nor change the exit code.
    }
  }
}

/**
 * Runs `action` synchronously when the process exits normally, by `process.exit`, or by an uncaught error or unhandled
 * rejection; not when an unhandled signal kills it. Returns a function that cancels it.
 */
export function atExit(action: () => void): () => void {
  if (actions.size === 0) process.on("exit", runAll);
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size === 0) process.off("exit", runAll);
  };
}
