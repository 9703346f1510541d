import { type AttemptRef, attemptName } from '../kernel/model.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { reportTime } from '../redis/heartbeat-times.ts';
import { listRunners } from '../redis/membership.ts';
import { untilRunnersReport } from '../redis/runner-reports.ts';
import type { ServerRun } from '../redis/server-run.ts';

/**
 * Messages of jobs that were sent to an earlier run of the Redis server. If that server lost its last writes, such a message
 * may wait in its queue again although a runner has taken it, and runs the job.
 */
export class ReturnedMessages {
  readonly #access: RedisAccess;
  readonly #runner: string;
  #reports: { run: ServerRun; all: Promise<void> } | undefined;

  /** @param runner id of the runner that takes messages here */
  constructor(access: RedisAccess, runner: string) {
    this.#access = access;
    this.#runner = runner;
  }

  /** Whether a message may have been taken before. @param server run of the server that it was sent to, if it says so */
  async mayBeReturned(server: string | undefined): Promise<boolean> {
    return server !== (await this.#access.serverRuns.current()).id;
  }

  /**
   * Another runner that has the attempt. Waits until all runners have reported to this server what they run. A runner
   * that does not report has ended its jobs by then.
   */
  async holderOf(attempt: AttemptRef): Promise<string | undefined> {
    await this.#reported(await this.#access.serverRuns.current());
    const name = attemptName(attempt);
    const { alive } = await listRunners(this.#access);
    return alive.find(
      ({ id, running, reporting }) => id !== this.#runner && (running.includes(name) || reporting.includes(name)),
    )?.name;
  }

  #reported(run: ServerRun): Promise<void> {
    if (this.#reports?.run !== run) {
      const all = untilRunnersReport(this.#access, {
        left: () => run.since + reportTime - performance.now(),
        // the first heartbeat that is seen may be one that the earlier server has stored
        enough: (seen, alive) => alive.every((id) => id === this.#runner || seen(id) >= 3),
      });
      this.#reports = { run, all };
      all.catch(() => {
        this.#reports = undefined;
      });
    }
    return this.#reports.all;
  }
}
