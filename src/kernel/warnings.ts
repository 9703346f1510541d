import { serverTime } from './server-time.ts';

/** The fields of a log line that name the work. */
const workFields = ['repo', 'build', 'job', 'attempt', 'runner'] as const;
export type WorkFields = Partial<Record<(typeof workFields)[number], string>>;

/** The warnings and errors of a stage of this process since its start. */
export interface Warnings {
  count: number;
  last: { at: string; level: string; message: string; about: WorkFields } | null;
}

/** Characters of a kept message, which is part of every heartbeat. */
const longest = 300;

const warnings = new Map<string, Warnings>();

/**
 * Records a log line that is a warning or an error.
 * @param fields all fields of the line besides its message
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
