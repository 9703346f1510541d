/** What one check has come to. */
export interface Finding {
  /** what was looked at, for example `redis` */
  check: string;
  /** `fail`: Volt does not work like this; `warn`: it does, at a risk; `ok` has nothing to mend */
  level: 'ok' | 'warn' | 'fail';
  /** what was found */
  message: string;
  /** how to mend it; null where all is well */
  remedy: string | null;
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: null };
}

export function warn(check: string, message: string, remedy: string): Finding {
  return { check, level: 'warn', message, remedy };
}

export function fail(check: string, message: string, remedy: string): Finding {
  return { check, level: 'fail', message, remedy };
}
