import type { Command } from "commander";
import type { Terminal } from "./terminal";

/** Makes a command that writes to a terminal. */
export type CreateCommand = (terminal: Terminal) => Command;

/** The commands, in the order of the help. Each is loaded only when it is asked for. */
export const COMMANDS = {
  report: async () => (await import("./report")).reportCommand,
  executions: async () => (await import("./executions")).executionsCommand,
  changes: async () => (await import("./changes")).changesCommand,
  budget: async () => (await import("./budget")).budgetCommand,
  show: async () => (await import("./show")).showCommand,
  import: async () => (await import("./import")).importCommand,
  export: async () => (await import("./export")).exportCommand,
  incidents: async () => (await import("./incidents")).incidentsCommand,
  purge: async () => (await import("./purge")).purgeCommand,
  reprice: async () => (await import("./reprice")).repriceCommand,
  forward: async () => (await import("./forward")).forwardCommand,
  backup: async () => (await import("./backup")).backupCommand,
  restore: async () => (await import("./restore")).restoreCommand,
  checkpoint: async () => (await import("./checkpoint")).checkpointCommand,
  dashboard: async () => (await import("./dashboard")).dashboardCommand,
  doctor: async () => (await import("./doctor")).doctorCommand,
  completion: async () => (await import("./completion")).completionCommand,
} as const satisfies Record<string, () => Promise<CreateCommand>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** The commands that a command line needs: the one that it names, or all for the help. */
export function commandsFor([first = ""]: readonly string[]): readonly CommandName[] {
  const named = COMMAND_NAMES.filter((name) => name === first);
  // The completion script has to know all commands.
  return named.length === 0 || first === "completion" ? COMMAND_NAMES : named;
}
