import type { AttemptRef, Build, Reason } from '../kernel/model.ts';
import type { Result } from '../queues/messages.ts';
import type { Database } from '../record/database.ts';
import type { FinishedAttempt } from '../record/finished-attempts.ts';
import { recoveryTimeOf } from '../record/recovery-time.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { count, observe } from '../redis/tallies.ts';

/** Counts recorded moves for /metrics; the process that makes a move counts it, so each counts once. */
export class AttemptMetrics {
  readonly #database: Database;
  readonly #access: RedisAccess;

  constructor(database: Database, access: RedisAccess) {
    this.#database = database;
    this.#access = access;
  }

  async started(ref: AttemptRef): Promise<void> {
    if (ref.attempt === 1) return;
    const recovery = await recoveryTimeOf(this.#database, ref);
    if (recovery !== undefined) observe(this.#access, 'recovery', [], recovery / 1000);
  }

  finished(outcome: Pick<Result<'finished'>, 'startedAt' | 'finishedAt'>, attempt: FinishedAttempt): void {
    const [startedAt, finishedAt] = [Date.parse(outcome.startedAt), Date.parse(outcome.finishedAt)];
    const labels = [attempt.build.repo, attempt.labels.join(',')];
    observe(this.#access, 'queue_wait', labels, (startedAt - attempt.createdAt) / 1000);
    observe(this.#access, 'run_time', labels, (finishedAt - startedAt) / 1000);
  }

  /** A job has become final, and its build may have with it. */
  settled(build: Pick<Build, 'repo' | 'status' | 'finishedAt'>): void {
    if (build.finishedAt !== null) count(this.#access, 'builds', [build.repo, build.status]);
  }

  /** A job is tried again. */
  repeated(reason: Reason): void {
    count(this.#access, 'attempts_repeated', [reason]);
  }

  lost(reason: 'handed_back' | 'poison'): void {
    count(this.#access, 'attempts_lost', [reason]);
  }
}
