import { VoltError } from '../kernel/errors.ts';
import { hideCredentials } from '../kernel/urls.ts';

/** Whether the server gives nothing by its id that it does not list, as one that speaks an old protocol. */
export function isRefused(error: unknown): boolean {
  return /unadvertised object/.test(String(error));
}

/** Whether the server says that it does not have what was asked for by its id. */
export function isUnknown(error: unknown): boolean {
  return /not our ref|want \S+ not valid/.test(String(error));
}

export function fetchFailed(url: string, error: unknown): VoltError {
  const cause = error instanceof VoltError ? error : undefined;
  if (cause?.code === 'too_large') return cause;
  return new VoltError('fetch_failed', `cannot fetch ${hideCredentials(url)}: ${cause?.message ?? String(error)}`, {
    remedy: cause?.remedy ?? 'Run git fetch by hand to see more.',
    cause: error,
  });
}
