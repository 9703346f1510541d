/** A problem of a workflow file with its location. Lines and columns begin at 1. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  /**
   * `invalid`: GitHub and Volt reject it; `unsupported`: it is valid, but Volt does not support it; `warning`: it is valid,
   * but does not do what it seems to do.
   */
  severity: 'invalid' | 'unsupported' | 'warning';
  /**
   * set if the problem comes from a called file of another repository; it counts only if the workflow runs. `unavailable`:
   * the file could not be fetched; `wrong`: it is invalid
   */
  elsewhere?: 'unavailable' | 'wrong';
  message: string;
}

/** `file:line:column: message`, a format that editors and terminals know. */
export function formatDiagnostic({ file, line, column, severity, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}`;
}
