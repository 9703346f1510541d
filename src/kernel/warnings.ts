import { serverTime } from './server-time.ts';

/** The fields of a line of the log that say which work it is about. */
const workFields = ['repo', 'build', 'job', 'attempt', 'runner'] as const;
export type WorkFields = Partial<Record<(typeof workFields)[number], string>>;

/** What a stage of this process has logged as a warning or an error since it started. */
export interface Warnings {
  count: number;
  last: { at: string; level: string; message: string; about: WorkFields } | null;
}

/** A message is kept up to this length: it goes along with every heartbeat. */
const longest = 300;

const warnings = new Map<string, Warnings>();

/**
 * Is told of every line that is logged as a warning or an error.
 * @param fields all that the line carries beside its message
 */
export function noteWarning(stage: string, level: string, message: string, fields: object): void {
  const count = (warnings.get(stage)?.count ?? 0) + 1;
  const last = { at: serverTime(), level, message: message.slice(0, longest), about: workOf(fields) };
  warnings.set(stage, { count, last });
}

export function warningsOf(stage: string): Warnings {
  return warnings.get(stage) ?? { count: 0, last: null };
}

function workOf(fields: object): WorkFields {
  const given = new Map<string, unknown>(Object.entries(fields));
  return Object.fromEntries(
    workFields.filter((field) => given.has(field)).map((field) => [field, String(given.get(field)).slice(0, longest)]),
  );
}
