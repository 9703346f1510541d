import { every, type Repeating } from '../system/wait.ts';
import { errorText, systemCode, VoltError } from './errors.ts';
import { FadingMap } from './fading-map.ts';
import type { Logger } from './logger.ts';

/** A problem for people: a stable code, what happened, and what to do. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
}

/** Milliseconds without a repetition after which a problem counts as over. */
const fade = 30_000;
/** The most problems that are kept and shown. */
const most = { kept: 200, shown: 5 };

/**
 * Problems of a stage with work that it tries again. A problem is logged at its begin and its end, not at each try, and is part of
 * the stage's heartbeats until then.
 */
export class Problems {
  readonly #logger: Logger;
  readonly #open = new FadingMap<string, Problem>(fade, most.kept);

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Does work that must not hold up other work: notes its error instead of throwing it.
   * @param what the work in words, for example `writing the results of build 12`; one problem for each
   * @returns whether it succeeded
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

  /** Records that the work has failed and will be tried again. */
  note(what: string, error: unknown): void {
    const message = `${what} failed and is retried: ${errorText(error)}`;
    const known = this.#open.get(what);
    this.#logger.log(known?.message === message ? 'debug' : 'warn', message);
    this.#open.set(what, { ...problemOf(error), message });
  }

  /** Records that the work has succeeded, or is not needed any more. */
  clear(what: string): void {
    if (this.#open.delete(what)) this.#logger.info(`${what} works again`);
  }

  /** The open problems, newest first; several with one code as one. */
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

/** The code and remedy for an error. */
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
