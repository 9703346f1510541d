/** The result of one check. */
export interface Finding {
  /** what was checked, for example `redis` */
  check: string;
  /** `fail`: Volt does not work; `warn`: Volt works, at a risk; `ok`: nothing to fix */
  level: 'ok' | 'warn' | 'fail';
  message: string;
  /** how to fix it; null for `ok` */
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
