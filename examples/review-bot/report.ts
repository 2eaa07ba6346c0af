const RUNLEDGER = `${import.meta.dir}/../../src/cli/main.ts`;

/** Prints what a ledger holds, by the command that an application has as `bunx runledger`. */
export async function printReport(dbPath: string, options: readonly string[]): Promise<void> {
  const args = ["report", "--db", dbPath, ...options];
  await Bun.write(Bun.stdout, `\n$ runledger ${args.join(" ")}\n`);
  const command = Bun.spawn([process.execPath, RUNLEDGER, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await command.exited;
}
