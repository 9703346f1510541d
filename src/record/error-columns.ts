import type { Problem } from '../kernel/problems.ts';

/** The columns in which a table keeps why something has failed; null where nothing has. */
export interface ErrorColumns {
  error_code: string | null;
  error_message: string | null;
  error_remedy: string | null;
}

export const noError: ErrorColumns = { error_code: null, error_message: null, error_remedy: null };

export function errorColumns({ code, message, remedy }: Problem): ErrorColumns {
  return { error_code: code, error_message: message, error_remedy: remedy };
}

export function errorIn({ error_code: code, error_message, error_remedy }: ErrorColumns): Problem | null {
  return code === null ? null : { code, message: error_message ?? '', remedy: error_remedy ?? '' };
}
