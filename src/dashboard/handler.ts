import { messageOf } from "../describe";
import { formatJsonLine } from "../report/format/json";
import type { Answers, TaggedAnswer } from "./answers";
import { ApiError, errorAnswer } from "./api-error";
import type { ApplicationLink } from "./application-link";
import { type Guard, SECURITY_HEADERS } from "./guard";
import type { Live } from "./live";
import type { Page } from "./load-page";
import { isQuestion } from "./questions";

/** What the handler answers from. */
export interface HandlerParts {
  readonly guard: Guard;
  readonly answers: Answers;
  readonly live: Live;
  /** Loaded on first use. */
  readonly page: () => Promise<Page>;
  /** The application that runs the dashboard, if there is one. */
  readonly application?: ApplicationLink | undefined;
}

/** The page never asks with a longer query string. */
const LONGEST_SEARCH = 4_096;
/** Shorter answers are not worth compressing. */
const LEAST_COMPRESSED = 1_024;

/** Answers every request of the dashboard: page, assets, API, stream and metrics. Never rejects. */
export function createHandler(parts: HandlerParts): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await respond(request, parts).catch(failed);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
    if (request.method !== "HEAD") return response;
    void response.body?.cancel();
    return new Response(null, response);
  };
}

async function respond(request: Request, parts: HandlerParts): Promise<Response> {
  const { guard, live, page } = parts;
  guard.checkSource(request);
  const { pathname, search } = new URL(request.url);
  if (search.length > LONGEST_SEARCH) {
    throw new ApiError("NOT_FOUND", `A question has at most ${LONGEST_SEARCH} characters.`);
  }
  if (pathname === "/login") return login(request, guard);
  const isForPrograms = pathname.startsWith("/api/") || pathname === "/metrics";
  try {
    guard.checkToken(request);
  } catch (error) {
    if (isForPrograms) throw error;
    return new Response(`${messageOf(error)}\n`, { status: 401, headers: { "content-type": "text/plain" } });
  }
  if (pathname === "/api/live") return stream(request, live);
  if (isQuestion(pathname)) return ask(request, { path: pathname, search: search.slice(1) }, parts);
  if (isForPrograms) throw new ApiError("NOT_FOUND", `There is no ${pathname.slice(0, 60)}.`);
  return asset(request, pathname, await page());
}

function login(request: Request, guard: Guard): Response {
  const code = new URL(request.url).searchParams.get("code") ?? "";
  const cookie = request.method === "GET" ? guard.cookieFor(code) : undefined;
  if (cookie === undefined) throw new ApiError("UNAUTHORIZED", "This link was used already, or is none.");
  // Not a redirect: a browser that comes from another site would not send the cookie with it.
  const text = '<!doctype html><meta http-equiv="refresh" content="0;url=./"><title>Runledger</title>';
  return new Response(text, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "set-cookie": cookie,
      "cache-control": "no-store",
    },
  });
}

function stream(request: Request, live: Live): Response {
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  };
  if (request.method === "HEAD") return new Response(null, { headers });
  const events = live.watch(request.signal);
  if (events === undefined) throw new ApiError("BUSY", "Too many watch already.");
  return new Response(events.pipeThrough(new TextEncoderStream()), { headers });
}

async function ask(
  request: Request,
  question: { readonly path: string; readonly search: string },
  { answers, application }: HandlerParts,
): Promise<Response> {
  const tag = await answers.etagOf(question);
  const common = { "cache-control": "private, no-cache", vary: "accept-encoding" };
  const ask = () => answers.answer(question, tag, request.signal);
  if (application?.isIn(question.path)) {
    const answer = await ask();
    const { text, etag } = await application.addTo(question.path, answer.text);
    const headers = { ...common, etag };
    if (hasTag(request, etag)) return new Response(null, { status: 304, headers });
    return send(request, { ...answer, text, gzipped: () => Bun.gzipSync(text) }, headers);
  }
  const headers = { ...common, etag: tag };
  if (hasTag(request, tag)) return new Response(null, { status: 304, headers });
  return send(request, await ask(), headers);
}

/** Whether the client already has the answer with this tag: `If-None-Match` lists it, or is `*`. */
function hasTag(request: Request, etag: string): boolean {
  const tags = request.headers.get("if-none-match") ?? "";
  return tags.trim() === "*" || Array.from(tags.matchAll(TAGS), ([, tag]) => tag).includes(opaque(etag));
}

/** The tags in a list, weak or not: they are compared by the quoted part. */
const TAGS = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

function opaque(etag: string): string {
  return etag.replace(/^W\//, "");
}

function send(
  request: Request,
  { contentType, text, fileName, gzipped }: TaggedAnswer,
  common: Readonly<Record<string, string>>,
): Response {
  const headers = new Headers({ ...common, "content-type": contentType });
  if (fileName !== undefined) headers.set("content-disposition", `attachment; filename="${fileName}"`);
  if (text.length < LEAST_COMPRESSED || !takesGzip(request)) return new Response(text, { headers });
  headers.set("content-encoding", "gzip");
  return new Response(gzipped(), { headers });
}

function asset(request: Request, pathname: string, { index, assets }: Page): Response {
  const found = pathname === "/" ? index : assets.get(pathname);
  if (found === undefined) throw new ApiError("NOT_FOUND", `There is no ${pathname.slice(0, 60)}.`);
  const headers = {
    "content-type": found.contentType,
    // An asset's name contains its hash; the page's own name doesn't.
    "cache-control": found === index ? "private, no-cache" : "private, max-age=31536000, immutable",
    vary: "accept-encoding",
  };
  return takesGzip(request)
    ? new Response(found.gzipped, { headers: { ...headers, "content-encoding": "gzip" } })
    : new Response(Bun.gunzipSync(found.gzipped), { headers });
}

function takesGzip(request: Request): boolean {
  return /\bgzip\b(?!;q=0(?:\.0*)?(?:,|$))/.test(request.headers.get("accept-encoding") ?? "");
}

function failed(error: unknown): Response {
  const { status, body } = errorAnswer(error);
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
  if (status === 405) headers.set("allow", "GET, HEAD");
  if (status === 401) headers.set("www-authenticate", "Bearer");
  if (status === 503) headers.set("retry-after", "1");
  return new Response(formatJsonLine(body), { status, headers });
}
