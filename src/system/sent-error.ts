import { errorText, systemCode } from './error-text.ts';

/** An error on its way between processes: its message, its code and what to do about it, where it has them. */
export interface SentError {
  message: string;
  code: string | undefined;
  remedy: string | undefined;
}

export function sent(error: unknown): SentError {
  const { remedy } = (error instanceof Error ? error : {}) as { remedy?: unknown };
  return {
    message: errorText(error),
    code: systemCode(error),
    remedy: typeof remedy === 'string' ? remedy : undefined,
  };
}
