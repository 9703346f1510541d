import type * as z from 'zod';

type Branded<Name extends string> = string & z.core.$brand<Name>;

/** Decimal number of a build in the database, for example `42`. */
export type BuildId = Branded<'BuildId'>;
/** `<build>-<position in the plan, from 1>`, for example `42-1`. */
export type JobId = Branded<'JobId'>;
/** `<name>~<epoch>`: a runner process gets a new epoch each time it registers. */
export type RunnerId = Branded<'RunnerId'>;

export const buildIdPattern = /^[1-9][0-9]{0,14}$/;
export const jobIdPattern = /^[1-9][0-9]{0,14}-[1-9][0-9]{0,4}$/;

/** The text as a build's id, or undefined if it is not one. Ids become paths and keys, so the check is strict. */
export function parseBuildId(text: string): BuildId | undefined {
  return buildIdPattern.test(text) ? (text as BuildId) : undefined;
}

/** The text as a job's id, or undefined if it is not one. */
export function parseJobId(text: string): JobId | undefined {
  return jobIdPattern.test(text) ? (text as JobId) : undefined;
}

export function jobIdOf(build: BuildId, position: number): JobId {
  return `${build}-${position}` as JobId;
}

export function buildIdOf(job: JobId): BuildId {
  return job.slice(0, job.indexOf('-')) as BuildId;
}

export function runnerNameOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('~')));
}

/** One execution of a job. Its text form `<job>.<number>` names the message, the spool and the log of that execution. */
export interface AttemptRef {
  readonly job: JobId;
  readonly attempt: number;
}

export function attemptName({ job, attempt }: AttemptRef): string {
  return `${job}.${attempt}`;
}

export function parseAttemptName(text: string): AttemptRef | undefined {
  const dot = text.lastIndexOf('.');
  const job = parseJobId(text.slice(0, Math.max(dot, 0)));
  const attempt = text.slice(dot + 1);
  return job && /^[1-9][0-9]{0,5}$/.test(attempt) ? { job, attempt: Number(attempt) } : undefined;
}
