import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName } from '../kernel/model.ts';
import type { Problem } from '../kernel/problems.ts';
import type { Result } from '../queues/messages.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';

export interface LogBounds {
  /** how long (ms) a log may stand still whose runner is gone: within it, one that was only cut off is back */
  gone: number;
  /** how long (ms) a log may stand still whose runner lives */
  standstill: number;
  /** how long (ms) an outcome waits in all, for a log that grows by a byte now and then */
  all: number;
}

const logBounds: LogBounds = { gone: 2 * heartbeatTtl, standstill: 600_000, all: 86_400_000 };

/** A log that has stood still for this long (ms) is told of to people. */
const worth = 10_000;
/** Milliseconds until the next look for a log's end: a tenth of how long it is waited for already, within these. */
const pauses = { shortest: 500, longest: 5000 };

interface Wait {
  lookedAt: number;
  /** when it was first seen that the log is not complete */
  since: number;
  /** bytes of it that were in the archive at the last look, and when they were first seen to be */
  bytes: number;
  grownAt: number;
  /** since when nobody claims the attempt; undefined while a runner does */
  goneSince: number | undefined;
  outcome: Pick<Result<'finished'>, 'job' | 'attempt' | 'runner' | 'logBytes'>;
}

/**
 * The outcomes that wait for the ends of their logs. All times are of this process's own clock, from when it has first seen
 * the outcome: when the job has ended, and by whose clock, does not matter, so that what has waited for a reporter
 * is waited for like any other. A wait ends when the log is complete; or, where it grows no more, when its runner is gone
 * or has sent nothing for too long.
 */
export class LogWaits {
  readonly #bounds: LogBounds;
  readonly #open = new FadingMap<string, Wait>(60_000, 10_000);

  constructor(bounds: LogBounds = logBounds) {
    this.#bounds = bounds;
  }

  /**
   * One look at an outcome whose log is not complete.
   * @param bytes of the log that are in the archive
   * @param lives whether a runner claims the attempt
   * @returns for how long (ms) it is to be left alone, or why the rest of the log is not waited for any more
   */
  look(outcome: Wait['outcome'], bytes: number, lives: boolean): { pause: number } | { lost: string } {
    const now = performance.now();
    const name = attemptName(outcome);
    const known = this.#open.get(name);
    const { job, attempt, runner, logBytes } = outcome;
    const wait: Wait = {
      lookedAt: now,
      since: known?.since ?? now,
      bytes,
      grownAt: known && bytes <= known.bytes ? known.grownAt : now,
      goneSince: lives ? undefined : (known?.goneSince ?? now),
      outcome: { job, attempt, runner, logBytes },
    };
    this.#open.set(name, wait);
    const lost = this.#whyLost(wait, now);
    if (lost !== undefined) return { lost };
    return { pause: Math.min(Math.max((now - wait.since) / 10, pauses.shortest), pauses.longest) };
  }

  /** The outcome waits no more. */
  end(outcome: Pick<Wait['outcome'], 'job' | 'attempt'>): void {
    this.#open.delete(attemptName(outcome));
  }

  /** Logs that have stood still for a while, for people. */
  problems(): Problem[] {
    const now = performance.now();
    const still = this.#open
      .values()
      // what is looked at no more was seen to its end by another reporter
      .filter(({ grownAt, lookedAt }) => now - grownAt > worth && now - lookedAt < 3 * pauses.longest)
      .sort((one, other) => one.grownAt - other.grownAt);
    const [first] = still;
    if (!first) return [];
    const { outcome, bytes, grownAt } = first;
    const others = still.length > 1 ? ` (and ${still.length - 1} more)` : '';
    const message = `the outcome of ${attemptName(outcome)} waits for its log${others}: ${bytes} of ${outcome.logBytes} bytes have come from runner ${outcome.runner.name}, and nothing for ${seconds(now - grownAt)}`;
    const most = Math.round(this.#bounds.standstill / 60_000);
    return [
      {
        code: 'log_awaited',
        message,
        remedy: `See in its log why that runner sends nothing. What has sent nothing for ${most} min is recorded as it is; the rest of its log is added when it comes.`,
      },
    ];
  }

  #whyLost({ since, grownAt, goneSince }: Wait, now: number): string | undefined {
    const { gone, standstill, all } = this.#bounds;
    if (goneSince !== undefined && now - Math.max(goneSince, grownAt) >= gone) return 'its runner is gone';
    if (now - grownAt >= standstill) return `nothing of it has come for ${seconds(now - grownAt)}`;
    return now - since >= all ? `it has not come to its end within ${seconds(now - since)}` : undefined;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
