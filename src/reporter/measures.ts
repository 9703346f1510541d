import type { AttemptRef, Build } from '../kernel/model.ts';
import { attemptTimes } from '../record/measures.ts';
import type { Record } from '../record/record.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { count, observe } from '../redis/tallies.ts';

/** Counts for /metrics what is recorded. Each is told once: by whoever has made the move. */
export class Measures {
  readonly #record: Record;
  readonly #access: RedisAccess;

  constructor(record: Record, access: RedisAccess) {
    this.#record = record;
    this.#access = access;
  }

  /** An attempt has begun. */
  async started(ref: AttemptRef): Promise<void> {
    if (ref.attempt === 1) return;
    const times = await attemptTimes(this.#record, ref);
    if (times?.lostAt == null || times.startedAt === null) return;
    observe(this.#access, 'recovery', [], (times.startedAt - times.lostAt) / 1000);
  }

  /** An attempt has ended with an outcome. */
  async finished(ref: AttemptRef): Promise<void> {
    const times = await attemptTimes(this.#record, ref);
    if (times?.startedAt == null || times.finishedAt === null) return;
    const labels = [times.repo, times.labels.join(',')];
    observe(this.#access, 'queue_wait', labels, (times.startedAt - times.createdAt) / 1000);
    observe(this.#access, 'run_time', labels, (times.finishedAt - times.startedAt) / 1000);
  }

  /** A job has become final, and its build may have with it. */
  settled(build: Pick<Build, 'repo' | 'status' | 'finishedAt'>): void {
    if (build.finishedAt !== null) count(this.#access, 'builds', [build.repo, build.status]);
  }

  lost(reason: 'handed_back' | 'poison'): void {
    count(this.#access, 'attempts_lost', [reason]);
  }
}
