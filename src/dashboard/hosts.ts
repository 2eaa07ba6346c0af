import { isIP } from "node:net";

/** A name or an address, and perhaps a port. */
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?$/;

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}

/**
 * Whether a request that names a host is for this server. A name that an attacker owns, and that now leads here (DNS
 * rebinding), is none of those that are known; an address is owned by nobody.
 *
 * @param hostHeader What the request's `Host` says, port included.
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
