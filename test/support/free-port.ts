import { createServer } from "node:net";

/**
 * Below the ports that systems give to outgoing connections. Such a connection could take the port while the server is
 * down. It could even be given the very port that it connects to, and so be connected to itself.
 */
const PORTS = { from: 15_000, to: 32_000 } as const;

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
