import { setPriority } from "node:os";

// A number of dashboard viewers, in their own process: `bun bench/viewers.ts URL COUNT`. Each listens to the stream and
// repeats the overview's queries until standard input ends. Prints how many answers arrived.

const [url = "", count = "1"] = process.argv.slice(2);
const since = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
const paths = [
  `api/report?since=${since}`,
  `api/report?since=${since}&by=day,model`,
  `api/changes?since=${since}`,
];
const EVERY_MS = 1_000;
// Real viewers are on other machines: here they must not take the processor from the host.
setPriority(19);
let isOver = false;
let answers = 0;

async function view(): Promise<void> {
  const stream = new AbortController();
  void fetch(`${url}api/live`, { signal: stream.signal })
    .then((response) => response.body?.pipeTo(new WritableStream()))
    .catch(() => {});
  while (!isOver) {
    for (const path of paths) {
      const response = await fetch(url + path);
      await response.arrayBuffer();
      if (response.ok) answers += 1;
    }
    await Bun.sleep(EVERY_MS * (0.5 + Math.random()));
  }
  stream.abort();
}

const viewers = Array.from({ length: Number(count) }, view);
for await (const _ of Bun.stdin.stream()) {
  // Until standard input ends.
}
isOver = true;
await Promise.all(viewers);
process.stdout.write(`${answers}`);
process.exit();
