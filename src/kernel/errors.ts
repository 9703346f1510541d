import { errorText } from '../system/error-text.ts';
import { LockFailed } from '../system/lock.ts';
import type { SentError } from '../system/sent-error.ts';

export { errorText, systemCode } from '../system/error-text.ts';

/**
 * Every code that Volt answers an error with. Scripts match on codes, so one is never renamed; `exit` is the exit code
 * of a command that ends with it and `http` the status of an API answer that carries it.
 */
export const errorCodes = {
  usage: { exit: 2, http: 400 },
  bad_name: { exit: 2, http: 400 },
  bad_label: { exit: 2, http: 400 },
  bad_setting: { exit: 2, http: 400 },
  bad_url: { exit: 2, http: 400 },
  address_refused: { exit: 2, http: 403 },
  bad_ref: { exit: 2, http: 400 },
  bad_request: { exit: 2, http: 400 },
  not_found: { exit: 2, http: 404 },
  log_removed: { exit: 2, http: 410 },
  name_taken: { exit: 2, http: 409 },
  conflict: { exit: 2, http: 409 },
  token_needed: { exit: 3, http: 401 },
  token_wrong: { exit: 3, http: 401 },
  role_needed: { exit: 3, http: 403 },
  bad_signature: { exit: 3, http: 401 },
  rate_limited: { exit: 3, http: 429 },
  foreign_host: { exit: 3, http: 403 },
  too_large: { exit: 2, http: 413 },
  unsupported: { exit: 2, http: 501 },
  no_repository: { exit: 2, http: 400 },
  fetch_failed: { exit: 3, http: 502 },
  git_failed: { exit: 3, http: 500 },
  git_missing: { exit: 3, http: 500 },
  git_old: { exit: 3, http: 500 },
  commit_missing: { exit: 2, http: 404 },
  forge_unreachable: { exit: 3, http: 502 },
  forge_refused: { exit: 3, http: 502 },
  forge_limited: { exit: 3, http: 503 },
  provider_unreachable: { exit: 3, http: 502 },
  provider_refused: { exit: 3, http: 502 },
  sign_in_expired: { exit: 2, http: 400 },
  sign_in_refused: { exit: 3, http: 403 },
  notice_unreachable: { exit: 3, http: 502 },
  notice_refused: { exit: 3, http: 502 },
  notice_limited: { exit: 3, http: 503 },
  action_unavailable: { exit: 3, http: 502 },
  untrusted_checkout: { exit: 3, http: 403 },
  artifact_missing: { exit: 3, http: 404 },
  tool_missing: { exit: 3, http: 500 },
  spawn_failed: { exit: 3, http: 500 },
  engine_failed: { exit: 3, http: 500 },
  image_unavailable: { exit: 3, http: 502 },
  service_failed: { exit: 3, http: 502 },
  isolation_unavailable: { exit: 3, http: 500 },
  redis_missing: { exit: 3, http: 500 },
  redis_unreachable: { exit: 3, http: 503 },
  redis_denied: { exit: 3, http: 503 },
  redis_untrusted: { exit: 3, http: 503 },
  redis_unfit: { exit: 3, http: 503 },
  redis_unknown: { exit: 3, http: 503 },
  redis_failed: { exit: 3, http: 503 },
  record_mismatch: { exit: 3, http: 500 },
  record_copied: { exit: 3, http: 500 },
  record_newer: { exit: 3, http: 500 },
  record_incomplete: { exit: 3, http: 500 },
  record_damaged: { exit: 3, http: 500 },
  record_busy: { exit: 3, http: 503 },
  record_full: { exit: 3, http: 503 },
  record_failed: { exit: 3, http: 500 },
  record_unreachable: { exit: 3, http: 503 },
  record_denied: { exit: 3, http: 503 },
  record_missing: { exit: 3, http: 503 },
  record_unfit: { exit: 3, http: 503 },
  data_locked: { exit: 3, http: 500 },
  data_not_empty: { exit: 2, http: 409 },
  bad_backup: { exit: 2, http: 400 },
  data_unwritable: { exit: 3, http: 500 },
  port_in_use: { exit: 3, http: 500 },
  web_unreachable: { exit: 3, http: 503 },
  secrets_key_missing: { exit: 3, http: 500 },
  secrets_key_wrong: { exit: 3, http: 500 },
  secrets_key_bad: { exit: 3, http: 500 },
  secrets_damaged: { exit: 3, http: 500 },
  timed_out: { exit: 3, http: 504 },
  orphaned: { exit: 3, http: 500 },
  internal: { exit: 3, http: 500 },
} as const;
export type ErrorCode = keyof typeof errorCodes;

/** An error for people: a stable code, what happened (`message`), and what to do (`remedy`). */
export class VoltError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  /** name of the field of a request that it is about */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { remedy: string; field?: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VoltError';
    this.code = code;
    this.remedy = options.remedy;
    this.field = options.field;
  }

  get exitCode(): number {
    return errorCodes[this.code].exit;
  }

  get httpStatus(): number {
    return errorCodes[this.code].http;
  }
}

/** Anything thrown, as a VoltError; what nobody expected becomes `internal` and keeps its cause. */
export function asVoltError(error: unknown): VoltError {
  if (error instanceof VoltError) return error;
  if (error instanceof LockFailed)
    return new VoltError('tool_missing', error.message, { remedy: error.remedy, cause: error });
  return new VoltError('internal', errorText(error), {
    remedy: 'This is a bug in Volt. Run it again with VOLT_LOG_LEVEL=debug and report the output.',
    cause: error,
  });
}

/** What happened and what to do, as sentences one after the other. */
export function withRemedy({ message, remedy }: Pick<VoltError, 'message' | 'remedy'>): string {
  return `${message.replace(/[.\s]+$/, '')}. ${remedy}`;
}

/** The error that another process has sent: a VoltError where it was one there, else an Error with the system's code. */
export function receivedError({ message, code, remedy }: SentError): Error {
  if (remedy !== undefined && isErrorCode(code)) return new VoltError(code, message, { remedy });
  return Object.assign(new Error(message), code !== undefined && { code });
}

/** The error that a stage has stored. @param problem its code is one of Volt's, unless a newer Volt has stored it */
export function storedError({ code, message, remedy }: { code: string; message: string; remedy: string }): VoltError {
  return new VoltError(isErrorCode(code) ? code : 'internal', message, { remedy });
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCodes, code);
}
