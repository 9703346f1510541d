import { type ErrorCode, errorText, systemCode, VoltError } from './errors.ts';

/** An error on its way between processes: one of Volt's where it has a remedy, else the system's. */
export type SentError =
  | { code: ErrorCode; message: string; remedy: string }
  | { code: string | undefined; message: string; remedy?: undefined };

export function sent(error: unknown): SentError {
  const message = errorText(error);
  if (error instanceof VoltError) return { code: error.code, message, remedy: error.remedy };
  return { code: systemCode(error), message };
}

export function received(error: SentError): Error {
  if (error.remedy !== undefined) return new VoltError(error.code, error.message, { remedy: error.remedy });
  return Object.assign(new Error(error.message), error.code !== undefined && { code: error.code });
}
