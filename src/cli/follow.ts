import { VoltError } from '../kernel/errors.ts';
import { type Build, type BuildId, isFinal, type Job, type JobId } from '../kernel/model.ts';
import { pause } from '../system/wait.ts';
import type { Client } from './client.ts';
import { logWriter, paint, plain } from './terminal.ts';

/** An interruption may last this many milliseconds. */
const patience = 30_000;

/** Milliseconds between two looks for a job that has begun. */
const interval = 300;

/**
 * Writes the logs of a build's jobs to standard output while they grow, one after the other, each until its job is
 * final, until the build is. Jobs that come only when others have ended, as those of a matrix, are among them.
 * What stands between the logs goes to standard error, so that standard output holds nothing but logs.
 * @param skip jobs whose logs are not wanted
 */
export async function followBuild(client: Client, id: BuildId, skip: readonly JobId[] = []): Promise<void> {
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
        await followLog(client, next);
        continue;
      }
      if (isFinal(status)) return;
    } catch (error) {
      outage.bear(error);
    }
    await pause(interval);
  }
}

/** One that was skipped has no log. */
function hasBegun({ status, attempts }: Job): boolean {
  return status !== 'waiting' && attempts.length > 0;
}

/** Stands above each of several logs. */
export function logHeading(name: string): string {
  return paint('dim', `── ${plain(name)}`);
}

/** Writes one job's log while it grows, until the job is final. */
export async function followLog(client: Client, job: Job): Promise<void> {
  const outage = new Outage();
  let write = logWriter();
  // an id is a position in one attempt's log, so after an interruption the two are asked for together
  // of a job that waits to be retried, the last attempt is over and the server knows the one to come
  let attempt = job.status === 'waiting' ? undefined : job.attempts.at(-1)?.number;
  let last: string | undefined;
  for (;;) {
    try {
      for await (const { event, data, id } of client.events(`/jobs/${job.id}/log`, { follow: 1, attempt }, last)) {
        outage.over();
        last = id ?? last;
        if (event === 'chunk') await write(JSON.parse(data) as string);
        else if (event === 'end') return;
        else if (event === 'attempt') {
          attempt = (JSON.parse(data) as { attempt: number }).attempt;
          write = logWriter();
          process.stderr.write(`${logHeading(`attempt ${attempt}: the log begins anew`)}\n`);
        }
      }
    } catch (error) {
      outage.bear(error);
    }
    await pause(500);
  }
}

/** Waits until a build is final, for as long as it takes; its jobs have time limits of their own. */
export async function awaitFinal(client: Client, build: Build): Promise<Build> {
  const outage = new Outage();
  let current = build;
  while (!isFinal(current.status)) {
    await pause(200);
    try {
      current = await client.get<Build>(`/builds/${build.id}`);
      outage.over();
    } catch (error) {
      outage.bear(error);
    }
  }
  return current;
}

/** Tells an interruption, such as a restart of the web stage, from an end. */
class Outage {
  #connected = false;
  #since: number | undefined;

  over(): void {
    this.#connected = true;
    this.#since = undefined;
  }

  /** @throws the error, when it is more than an interruption */
  bear(error: unknown): void {
    this.#since ??= Date.now();
    const lasting = error instanceof VoltError && error.code !== 'web_unreachable';
    if (lasting || !this.#connected || Date.now() - this.#since > patience) throw error;
  }
}
