import { type Failure, failureOf } from "../failure";

/** What can be wrong with a request, besides the codes of `RunledgerError`, and the HTTP status for it. */
export const API_ERRORS = {
  BUSY: 503,
  FORBIDDEN_HOST: 403,
  FORBIDDEN_ORIGIN: 403,
  METHOD_NOT_ALLOWED: 405,
  NOT_FOUND: 404,
  TOO_SLOW: 503,
  UNAUTHORIZED: 401,
} as const satisfies Record<string, number>;

type ApiErrorCode = keyof typeof API_ERRORS;

/** The status for the codes of `RunledgerError`; those that are not listed are the server's own fault. */
const STATUS: { readonly [Code in Failure["code"]]?: number } = {
  INVALID_ARGUMENT: 400,
  INVALID_OPTION: 400,
  LEDGER_NOT_FOUND: 404,
};

/** A request that is not answered. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly hint: string | undefined;

  constructor(code: ApiErrorCode, message: string, { hint }: { readonly hint?: string } = {}) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** An error as the API answers with it. */
export interface ErrorBody {
  readonly error: Omit<Failure, "code"> & { readonly code: Failure["code"] | ApiErrorCode };
}

/** The status and the body for whatever was thrown. */
export function errorAnswer(thrown: unknown): { readonly status: number; readonly body: ErrorBody } {
  if (thrown instanceof ApiError) {
    const { code, message, hint } = thrown;
    return { status: API_ERRORS[code], body: { error: { code, message, hint } } };
  }
  const failure = failureOf(thrown);
  return { status: STATUS[failure.code] ?? 500, body: { error: failure } };
}
