import { openSync, writeSync } from "node:fs";

// A thread that writes each number that it is sent into the file that the first message names: what a thread of this
// machine can do at the moment.

let file: number | undefined;
addEventListener("message", ({ data }: MessageEvent<string | number>) => {
  if (file === undefined) file = openSync(String(data), "w");
  else writeSync(file, `${data}\n`);
});
