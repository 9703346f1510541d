import { attemptName, type BuildId, buildIdOf, type JobId, type RunnerId } from '../kernel/model.ts';
import { Later } from '../queues/consumer.ts';
import type { Result, ResultMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { findBuild, markReported } from '../record/builds.ts';
import { decideJob, finishAttempt, moveToNextAttempt, recordSteps, startAttempt } from '../record/moves.ts';
import type { Record } from '../record/record.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import { heartbeatTtl, listRunners } from '../redis/membership.ts';
import type { Archive } from './archive.ts';
import { writeTestResults } from './test-results.ts';

/** How long (ms) an outcome waits for the end of its log while its runner lives. */
const longestWait = 600_000;
/** How long (ms) one delivery of an outcome waits for the end of its log. */
const logPatience = 1000;

/** Takes in what has become of attempts; what it is told twice it does once. */
export class ResultHandler {
  readonly #context: StageContext & { record: Record };
  readonly #archive: Archive;
  /** since when the runner of an outcome whose log is not complete has been gone, by attempt */
  readonly #goneSince = new Map<string, number>();

  constructor(context: StageContext & { record: Record }, archive: Archive) {
    this.#context = context;
    this.#archive = archive;
  }

  async handle(message: ResultMessage): Promise<void> {
    switch (message.kind) {
      case 'started':
        return this.#started(message);
      case 'steps':
        return this.#steps(message);
      case 'finished':
        return this.#finished(message);
      case 'returned':
        return this.#returned(message);
      case 'decided':
        return this.#decided(message);
    }
  }

  /** Writes the files of a final build, and notes that it is done. */
  async report(build: BuildId): Promise<void> {
    const { record, config } = this.#context;
    await writeTestResults(record, config.dataDir, build);
    await markReported(record, build);
  }

  async #started(message: Result<'started'>): Promise<void> {
    const moved = await startAttempt(this.#context.record, message, message.runner, Date.parse(message.at));
    if (moved) await this.#announce(message.job);
  }

  async #steps(message: Result<'steps'>): Promise<void> {
    if (await recordSteps(this.#context.record, message, message.steps)) await this.#announce(message.job);
  }

  async #finished(message: Result<'finished'>): Promise<void> {
    const { access, record, logger } = this.#context;
    const logComplete = await this.#waitForLog(message);
    const { status, reason, message: text, runner, exitCode, steps } = message;
    const moved = await finishAttempt(record, message, {
      status,
      reason,
      message: text,
      runner,
      exitCode,
      steps,
      logBytes: message.logBytes,
      logComplete,
      startedAt: Date.parse(message.startedAt),
      finishedAt: Date.parse(message.finishedAt),
    });
    const about = { ...workOf(message), runner: runner.name };
    if (moved) logger.info(`recorded: ${status}`, about);
    else logger.debug('an outcome that counts no more', { ...about, status });
    await this.#settled(message.job);
    await notifyRunner(access, runner.id as RunnerId, { kind: 'recorded', job: message.job, attempt: message.attempt });
  }

  async #returned(message: Result<'returned'>): Promise<void> {
    const { record, queues } = this.#context;
    const at = Date.parse(message.at);
    const lost = { reason: 'handed_back', message: message.message, at, runner: message.runner } as const;
    await moveToNextAttempt(record, message, lost);
    await this.#announce(message.job);
    await queues.sendAdvance({ v: 1, build: buildIdOf(message.job) });
  }

  async #decided(message: Result<'decided'>): Promise<void> {
    const { status, reason, message: text } = message;
    const outcome = { status, reason, message: text };
    const moved = await decideJob(this.#context.record, message, outcome, Date.parse(message.at));
    if (moved) this.#context.logger.info(`decided: ${status} (${reason})`, workOf(message));
    await this.#settled(message.job);
  }

  /** The rest of what follows from a final job; all of it may be done again. */
  async #settled(job: JobId): Promise<void> {
    const { record, queues } = this.#context;
    const build = await findBuild(record, buildIdOf(job));
    if (!build) return;
    await this.#announce(job, build);
    if (build.finishedAt !== null) await this.report(build.id);
    await queues.sendAdvance({ v: 1, build: build.id });
  }

  async #announce(job: JobId, known?: { repo: string; status: string }): Promise<void> {
    const id = buildIdOf(job);
    const build = known ?? (await findBuild(this.#context.record, id));
    if (build) await announceChange(this.#context.access, { build: id, repo: build.repo, status: build.status });
  }

  /**
   * An outcome becomes final when its log is in the archive. While its runner lives the rest of the log will come; when
   * that is gone for good, the log is what there is.
   * @returns whether the log is complete
   */
  async #waitForLog(message: Result<'finished'>): Promise<boolean> {
    const name = attemptName(message);
    if (await this.#archive.reaches(message, message.logBytes, logPatience)) {
      this.#goneSince.delete(name);
      return true;
    }
    const { alive } = await listRunners(this.#context.access);
    const lives = alive.some((member) => [...member.running, ...member.reporting].includes(name));
    if (lives) this.#goneSince.delete(name);
    else if (!this.#goneSince.has(name)) this.#goneSince.set(name, Date.now());
    const since = this.#goneSince.get(name) ?? Date.now();
    const tooLong = Date.now() - Date.parse(message.finishedAt) > longestWait;
    if (!tooLong && Date.now() - since < 2 * heartbeatTtl) {
      throw new Later(logPatience / 2, `the log of ${name} is not complete yet`);
    }
    this.#goneSince.delete(name);
    this.#context.logger.warn('the end of the log is lost', { ...workOf(message), runner: message.runner.name });
    return false;
  }
}

/** What a line about a job carries. */
function workOf({ job, attempt }: { job: JobId; attempt?: number }) {
  return { build: buildIdOf(job), job, ...(attempt === undefined ? {} : { attempt }) };
}
