import { VoltError } from '../kernel/errors.ts';
import { type Build, type BuildId, isFinal, type Job, type JobId } from '../kernel/model.ts';
import { pause } from '../system/wait.ts';
import type { Client } from './client.ts';
import { type LogPart, startOf } from './log-start.ts';
import { LogWriter } from './log-writer.ts';
import { paint, plain } from './terminal.ts';

/** The longest outage of the web stage that a follower waits out, in milliseconds. */
const longestOutage = 30_000;

/** Milliseconds between two polls for a job that has started. */
const interval = 300;

export interface LogOptions extends LogPart {
  /** whether marks such as `##[error]` are printed as they are */
  raw?: boolean;
}

/**
 * Writes the logs of a build's jobs to standard output while they grow, one job after the other, until the build is
 * final. Jobs that are added later, such as those of a matrix, are included. Headings go to standard error, so that
 * standard output contains only logs.
 * @param skip jobs whose logs are not printed
 * @param options what of each log is printed, and how
 */
export async function followBuild(
  client: Client,
  id: BuildId,
  skip: readonly JobId[] = [],
  options: LogOptions = {},
): Promise<void> {
  const outage = new Outage();
  const done = new Set(skip);
  for (;;) {
    try {
      const { status, jobs } = await client.get<Build>(`/builds/${id}`);
      outage.over();
      const next = jobs.find((job) => !done.has(job.id) && hasBegun(job));
      if (next) {
        done.add(next.id);
        if (jobs.length > 1) process.stderr.write(`${logHeading(next.name)}\n`);
        await followLog(client, next, options);
        continue;
      }
      if (isFinal(status)) return;
    } catch (error) {
      outage.bear(error);
    }
    await pause(interval);
  }
}

/** Whether a job has a log; a skipped job has none. */
function hasBegun({ status, attempts }: Job): boolean {
  return status !== 'waiting' && attempts.length > 0;
}

/** The heading above each of several logs. */
export function logHeading(name: string): string {
  return paint('dim', `── ${plain(name)}`);
}

/** Writes one job's log while it grows, until the job is final. */
export async function followLog(client: Client, job: Job, { raw = false, ...part }: LogOptions = {}): Promise<void> {
  const outage = new Outage();
  let log = new LogWriter({ raw });
  // an event id is a position in one attempt's log, so both are sent after an outage
  // of a job that waits for a retry, the last attempt is over; the server knows the next one
  let attempt = job.status === 'waiting' ? undefined : job.attempts.at(-1)?.number;
  let last: string | undefined;
  const from = await startOf(client, job, attempt, part);
  for (;;) {
    try {
      for await (const { event, data, id } of client.events(
        `/jobs/${job.id}/log`,
        { follow: 1, attempt, from: from || undefined },
        last,
      )) {
        outage.over();
        last = id ?? last;
        if (event === 'chunk') await log.write(JSON.parse(data) as string);
        else if (event === 'end') return log.end();
        else if (event === 'attempt') {
          attempt = (JSON.parse(data) as { attempt: number }).attempt;
          await log.end();
          log = new LogWriter({ raw });
          process.stderr.write(`${logHeading(`attempt ${attempt}: the log starts again`)}\n`);
        }
      }
    } catch (error) {
      outage.bear(error);
    }
    await pause(500);
  }
}

/**
 * Waits until a build is final. This has no limit of its own; the jobs have time limits.
 * @param seen is called with the build at each look, first with `build` itself
 */
export async function awaitFinal(client: Client, build: Build, seen: (now: Build) => void = () => {}): Promise<Build> {
  const outage = new Outage();
  let current = build;
  seen(current);
  while (!isFinal(current.status)) {
    await pause(200);
    try {
      current = await client.get<Build>(`/builds/${build.id}`);
      outage.over();
      seen(current);
    } catch (error) {
      outage.bear(error);
    }
  }
  return current;
}

/** Tells a short outage of the web stage, such as a restart, from an error that lasts. */
class Outage {
  #connected = false;
  #since: number | undefined;

  over(): void {
    this.#connected = true;
    this.#since = undefined;
  }

  /** @throws the error if it is not an outage, or if the outage lasts too long */
  bear(error: unknown): void {
    this.#since ??= Date.now();
    const lasting = error instanceof VoltError && error.code !== 'web_unreachable';
    if (lasting || !this.#connected || Date.now() - this.#since > longestOutage) throw error;
  }
}
