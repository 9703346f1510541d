import { every, type Repeating } from '../system/wait.ts';
import { errorText, systemCode, VoltError } from './errors.ts';
import { FadingMap } from './fading-map.ts';
import type { Logger } from './logger.ts';

/** Something that is not as it should be, for people: a stable code, what happened, and what to do. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
}

/** A problem that has not come again for this long (ms) has passed, or what it was about is gone. */
const fade = 30_000;
/** Most problems that are kept, and most that are shown. */
const most = { kept: 200, shown: 5 };

/**
 * What a stage fails at and goes on trying. A problem is said once when it begins and once when it has passed, not at
 * each try, and stands in the stage's heartbeat meanwhile.
 */
export class Problems {
  readonly #logger: Logger;
  readonly #open = new FadingMap<string, Problem>(fade, most.kept);

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Does a piece of work that must not hold up any other: what it throws is noted, not thrown.
   * @param what the work in words, for example `writing the results of build 12`; one problem for each
   * @returns whether it went well
   */
  async alone(what: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.clear(what);
      return true;
    } catch (error) {
      this.note(what, error);
      return false;
    }
  }

  /** Runs `work` every `ms` milliseconds until stopped, each time alone; see wait.ts. */
  every(ms: number | (() => number), what: string, work: () => Promise<unknown>): Repeating {
    return every(
      ms,
      async () => {
        await this.alone(what, work);
      },
      () => undefined,
    );
  }

  /** The work has failed and will be tried again. */
  note(what: string, error: unknown): void {
    const message = `${what} failed and is retried: ${errorText(error)}`;
    const known = this.#open.get(what);
    this.#logger.log(known?.message === message ? 'debug' : 'warn', message);
    this.#open.set(what, { ...problemOf(error), message });
  }

  /** The work has gone well, or is not to be done any more. */
  clear(what: string): void {
    if (this.#open.delete(what)) this.#logger.info(`${what} works again`);
  }

  /** The problems that last, the newest ones; several of one kind as one. */
  list(): Problem[] {
    const byCode = new Map<string, { problem: Problem; others: number }>();
    for (const problem of this.#open.values().reverse()) {
      const known = byCode.get(problem.code);
      if (known) known.others++;
      else byCode.set(problem.code, { problem, others: 0 });
    }
    return [...byCode.values()].slice(0, most.shown).map(({ problem, others }) => ({
      ...problem,
      message: others === 0 ? problem.message : `${problem.message} (and ${others} more like this)`,
    }));
  }
}

/** The code and the remedy of anything thrown. */
function problemOf(error: unknown): Pick<Problem, 'code' | 'remedy'> {
  if (error instanceof VoltError) return { code: error.code, remedy: error.remedy };
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'data_unwritable', remedy: 'Free space on the disk; Volt then continues automatically.' };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { code: 'data_unwritable', remedy: 'Let Volt write there; it then continues automatically.' };
    default:
      return { code: 'internal', remedy: 'Check the log of the stage for the first occurrence.' };
  }
}
