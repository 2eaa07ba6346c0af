import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { RunledgerError } from "../errors";
import { ApiError } from "./api-error";
import { isKnownHost } from "./hosts";

/** Who may ask, and under which host names. */
export interface GuardOptions {
  readonly host: string;
  readonly hosts: readonly string[];
  /** `undefined`: anybody who can reach the server may ask. */
  readonly token: string | undefined;
  /** How often the server was restarted. */
  readonly start: number;
}

const CODE = /^((\d+)\.[\w-]+)\.([\w-]+)$/;
const COOKIE_SECONDS = 30 * 24 * 60 * 60;
/** How long an unused link is valid, in milliseconds. */
const CODE_MS = 60 * 60 * 1_000;

/**
 * A code for a one-time link. Whoever knows the token can check it.
 *
 * @param start Which start of the server the code is for: after a restart, the server doesn't know which codes were
 *   used.
 */
export function loginCode(token: string, start: number, nowMs = Date.now()): string {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("base64url");
  const nonce = `${nowMs + CODE_MS}.${random}`;
  return `${nonce}.${seal(token, `${start}.${nonce}`)}`;
}

function seal(token: string, text: string): string {
  return createHmac("sha256", token).update(text).digest("base64url");
}

/** Decides which requests are answered. */
export class Guard {
  readonly #options: GuardOptions;
  /** The one-time links that were used. */
  readonly #used = new Set<string>();
  /** The value of the cookie of a browser that was let in: not the token itself. */
  readonly #pass: string;
  /** Browsers separate cookies by name but not by port, so each dashboard on this machine has its own name. */
  readonly #cookie: string;

  constructor(options: GuardOptions) {
    this.#options = options;
    const { token = "" } = options;
    this.#pass = seal(token, "pass of a browser");
    this.#cookie = `runledger-${createHash("sha256").update(this.#pass).digest("hex").slice(0, 8)}`;
  }

  /** @throws if the request is for another host, comes from another page, would change something, or has a body. */
  checkSource(request: Request): void {
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (!isKnownHost(host, this.#options)) {
      throw new ApiError("FORBIDDEN_HOST", "This server is not known by that name.", {
        hint: "Open it by its address, or name it in the option hosts.",
      });
    }
    const origin = request.headers.get("origin");
    if ((origin !== null && URL.parse(origin)?.host !== host) || isFromElsewhere(request)) {
      throw new ApiError("FORBIDDEN_ORIGIN", "Only the dashboard's own page may ask.");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new ApiError(
        "METHOD_NOT_ALLOWED",
        "Nothing can be changed here: only GET and HEAD are answered.",
      );
    }
    if (hasBody(request)) {
      throw new RunledgerError("INVALID_ARGUMENT", "A question has no body: it is all in the URL.");
    }
  }

  /** @throws {ApiError} if a token is required, and the request has neither it nor the cookie. */
  checkToken(request: Request): void {
    const { token } = this.#options;
    if (token === undefined) return;
    const [, bearer = ""] = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (areEqual(bearer, token) || areEqual(this.#passIn(request), this.#pass)) return;
    throw new ApiError("UNAUTHORIZED", "This dashboard asks for a token.", {
      hint: "Open the one-time link that was printed or logged when it began, or send the token as Authorization: Bearer.",
    });
  }

  /** The `Set-Cookie` for a browser that brings the code of a one-time link. Uses up the code. */
  cookieFor(code: string, nowMs = Date.now()): string | undefined {
    const { token, start } = this.#options;
    const [, nonce = "", expiresMs = "", given = ""] = CODE.exec(code) ?? [];
    if (token === undefined || !areEqual(given, seal(token, `${start}.${nonce}`))) return undefined;
    if (nowMs > Number(expiresMs) || this.#used.has(nonce)) return undefined;
    this.#used.add(nonce);
    return `${this.#cookie}=${this.#pass}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${COOKIE_SECONDS}`;
  }

  #passIn(request: Request): string {
    return new Bun.CookieMap(request.headers.get("cookie") ?? "").get(this.#cookie) ?? "";
  }
}

function hasBody({ headers }: Request): boolean {
  return (headers.get("content-length") ?? "0") !== "0" || headers.has("transfer-encoding");
}

/**
 * Whether another site's page makes the browser load this URL, for example as an image. Following a link is harmless.
 */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site") ?? "none";
  return site !== "none" && site !== "same-origin" && headers.get("sec-fetch-mode") !== "navigate";
}

/** Compares in constant time, so that timing doesn't reveal how much of a text is right. */
function areEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** Sent with every answer. */
export const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;
