import { isIP } from "node:net";

/** A name or an address, with an optional port. */
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?$/;

/** Whether an address can be reached only from this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}

/**
 * Whether a request's host name means this server. With DNS rebinding, an attacker's name leads here, but it is not a
 * known name. IP addresses are safe: an attacker can't redirect them.
 *
 * @param hostHeader The request's `Host`, port included.
 */
export function isKnownHost(
  hostHeader: string,
  { host, hosts }: { readonly host: string; readonly hosts: readonly string[] },
): boolean {
  const [, named] = HOST.exec(hostHeader.toLowerCase())?.map((part) => part.replace(/^\[|\]$/g, "")) ?? [];
  if (named === undefined) return false;
  if (isLoopback(named)) return true;
  const isOwn = [host, ...hosts].some((own) => own.toLowerCase() === named);
  return isOwn || (!isLoopback(host) && isIP(named) !== 0);
}
