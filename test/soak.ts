import { join } from "node:path";

// Usage: bun test/soak.ts [RUNS]. Runs the whole suite again and again beside a process that keeps one core busy, and
// prints how long each run took and how it ended. Exits with 1 when any run failed.

const [runs = "10"] = process.argv.slice(2);
const root = join(import.meta.dir, "..");
// It looks now and then whether this process is still there, which may be killed, and fails when it is not.
const BUSY = `for (;;) { for (let turn = 0; turn < 1e8; turn += 1); process.kill(${process.pid}, 0); }`;
const busy = Bun.spawn([process.execPath, "-e", BUSY], { stderr: "ignore" });
const failed: number[] = [];
try {
  for (let run = 1; run <= Number(runs); run += 1) {
    const startMs = performance.now();
    const { exitCode, stdout } = Bun.spawnSync(["bash", ".ci/run"], { cwd: root });
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    const counts = `${stdout}`.trimEnd().split("\n").at(-1);
    process.stdout.write(`${run}/${runs}: ${seconds} s, ${counts}\n`);
    if (exitCode !== 0) failed.push(run);
    for (const line of `${stdout}`.match(/^\(fail\).*$/gm) ?? []) process.stdout.write(`  ${line}\n`);
  }
} finally {
  busy.kill("SIGKILL");
}
process.exitCode = failed.length > 0 ? 1 : 0;
