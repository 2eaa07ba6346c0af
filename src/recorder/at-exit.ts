const actions = new Set<() => void>();

function runAll(): void {
  for (const action of actions) {
    try {
      action();
    } catch {
      // The process is ending: one that fails must not keep the others from their work, nor change the exit code.
    }
  }
}

/**
 * Runs `action`, synchronously, when the process exits: on return, `process.exit`, an uncaught error or an
 * unhandled rejection; not when a signal that nobody handles ends it. Returns the undo.
 */
export function atExit(action: () => void): () => void {
  if (actions.size === 0) process.on("exit", runAll);
  actions.add(action);
  return () => {
    actions.delete(action);
    if (actions.size === 0) process.off("exit", runAll);
  };
}
