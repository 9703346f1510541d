import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName } from '../kernel/model.ts';
import type { Problem } from '../kernel/problems.ts';
import type { Result } from '../queues/messages.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';

export interface LogBounds {
  /** milliseconds without growth after which a log is given up whose runner is gone; a runner that was cut off is back sooner */
  gone: number;
  /** the same for a log whose runner is alive */
  standstill: number;
  /** milliseconds that an outcome waits in all, also for a log that still grows */
  all: number;
}

const logBounds: LogBounds = { gone: 2 * heartbeatTtl, standstill: 600_000, all: 86_400_000 };

/** Milliseconds without growth after which a log is reported as a problem. */
const reportAfter = 10_000;
/** Milliseconds until the next check of a log: a tenth of the wait so far, within these bounds. */
const pauses = { shortest: 500, longest: 5000 };

interface Wait {
  checkedAt: number;
  /** when the wait started */
  since: number;
  /** archived bytes at the last check, and when they were first reached */
  bytes: number;
  grownAt: number;
  /** since when no runner claims the attempt; undefined while a runner does */
  goneSince: number | undefined;
  outcome: Pick<Result<'finished'>, 'job' | 'attempt' | 'runner' | 'logBytes'>;
}

/**
 * The outcomes that wait for the end of their log. All times are by the clock of this process, from its first check of the outcome,
 * so the clock of the runner and the time before do not matter. A wait ends when the log is complete, or when the log does
 * not grow and its runner is gone or silent for too long.
 */
export class LogWaits {
  readonly #bounds: LogBounds;
  readonly #open = new FadingMap<string, Wait>(60_000, 10_000);

  constructor(bounds: LogBounds = logBounds) {
    this.#bounds = bounds;
  }

  /**
   * Checks an outcome whose log is not complete.
   * @param bytes archived bytes of the log
   * @param isClaimed whether a runner claims the attempt
   * @returns milliseconds until the next check, or why the wait ends
   */
  check(outcome: Wait['outcome'], bytes: number, isClaimed: boolean): { pause: number } | { lost: string } {
    const now = performance.now();
    const name = attemptName(outcome);
    const known = this.#open.get(name);
    const { job, attempt, runner, logBytes } = outcome;
    const wait: Wait = {
      checkedAt: now,
      since: known?.since ?? now,
      bytes,
      grownAt: known && bytes <= known.bytes ? known.grownAt : now,
      goneSince: isClaimed ? undefined : (known?.goneSince ?? now),
      outcome: { job, attempt, runner, logBytes },
    };
    this.#open.set(name, wait);
    const lost = this.#whyLost(wait, now);
    if (lost !== undefined) return { lost };
    return { pause: Math.min(Math.max((now - wait.since) / 10, pauses.shortest), pauses.longest) };
  }

  end(outcome: Pick<Wait['outcome'], 'job' | 'attempt'>): void {
    this.#open.delete(attemptName(outcome));
  }

  /** Logs that have not grown for a while. */
  problems(): Problem[] {
    const now = performance.now();
    const stalled = this.#open
      .values()
      // one that is not checked any more was recorded by another reporter
      .filter(({ grownAt, checkedAt }) => now - grownAt > reportAfter && now - checkedAt < 3 * pauses.longest)
      .sort((one, other) => one.grownAt - other.grownAt);
    const [first] = stalled;
    if (!first) return [];
    const { outcome, bytes, grownAt } = first;
    const others = stalled.length > 1 ? ` (and ${stalled.length - 1} more)` : '';
    const message = `the outcome of ${attemptName(outcome)} waits for its log${others}: ${bytes} of ${outcome.logBytes} bytes have arrived from runner ${outcome.runner.name}, nothing for ${seconds(now - grownAt)}`;
    const most = Math.round(this.#bounds.standstill / 60_000);
    return [
      {
        code: 'log_awaited',
        message,
        remedy: `Check the log of that runner. After ${most} min without bytes the outcome is recorded with an incomplete log; the rest is added when it arrives.`,
      },
    ];
  }

  #whyLost({ since, grownAt, goneSince }: Wait, now: number): string | undefined {
    const { gone, standstill, all } = this.#bounds;
    if (goneSince !== undefined && now - Math.max(goneSince, grownAt) >= gone) return 'its runner is gone';
    if (now - grownAt >= standstill) return `nothing of it has arrived for ${seconds(now - grownAt)}`;
    return now - since >= all ? `it was not complete within ${seconds(now - since)}` : undefined;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
