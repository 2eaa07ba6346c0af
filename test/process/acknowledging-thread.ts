import { SharedCounts } from "../../src/handoff/shared-counts";

// Usage: as a worker; acknowledges one batch in the memory that it is sent.
addEventListener("message", ({ data }: MessageEvent<SharedArrayBuffer>) => {
  new SharedCounts(data).acknowledge(1, { written: 1, duplicates: 0, rejected: 0 });
});
