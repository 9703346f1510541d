import { errorText, systemCode } from './error-text.ts';

/** Whether fetch has refused the port of an address: browsers and Node open none of other protocols (https://fetch.spec.whatwg.org/#port-blocking). */
export function isRefusedPort(error: unknown): boolean {
  return errorText(causeOf(error)) === 'bad port';
}

/** Why fetch has failed, in few words. */
export function fetchErrorText(error: unknown): string {
  if (isRefusedPort(error)) return 'browsers and Volt never open its port, which belongs to another protocol';
  const cause = causeOf(error);
  return systemCode(cause) ?? errorText(cause);
}

/** What fetch itself says is only that it has failed. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
