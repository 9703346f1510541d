import { sizeOf, stepsWithin } from '../job/result-size.ts';
import { errorText } from '../kernel/errors.ts';
import {
  type AttemptRef,
  attemptName,
  type BuildId,
  type BuildSummary,
  buildIdOf,
  type JobId,
  type RunnerId,
  type Step,
  type TestSummary,
} from '../kernel/model.ts';
import type { Problem, Problems } from '../kernel/problems.ts';
import { pausesOf } from '../kernel/tries.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import { type Result, type ResultMessage, resultMessage } from '../queues/messages.ts';
import { type PackedTests, unpackTests } from '../queues/packed-tests.ts';
import type { StageContext } from '../queues/stage.ts';
import { findBuildSummary, markReported, sizeOfSteps } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import {
  decideJob,
  type FinishedAttempt,
  finishAttempt,
  moveToNextAttempt,
  noteCompleteLog,
  recordSteps,
  startAttempt,
} from '../record/moves.ts';
import { currentAttempts } from '../record/open-jobs.ts';
import { recordTests } from '../record/test-results.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import type { Archive } from './archive.ts';
import { ClaimedAttempts } from './claimed-attempts.ts';
import { type LogBounds, LogWaits } from './log-waits.ts';
import { Measures } from './measures.ts';
import { isUnwanted, type Sender, SenderCheck } from './sender-check.ts';
import { writeTestResults } from './test-results.ts';

/** How long (ms) one delivery of an outcome waits for the end of its log. */
const logPatience = 1000;

/**
 * Bytes that the steps of all jobs of a build may have together, and those that a job has in any case: a build's page and the
 * API tell all of them at once.
 */
const mostSteps = 4_000_000;
const fewSteps = 4000;

export type ReporterContext = StageContext & { database: Database; problems: Problems };

/**
 * Takes in what has become of attempts; what it is told twice it does once.
 *
 * An outcome of the current attempt: held until its log is complete → recorded. It is held in two ways, so that those
 * whose logs are slow never keep others from being taken in: some wait here, which is quickest; the others are put back
 * and come again. Where no more of it is to be expected (see LogWaits), it is recorded without the rest.
 * An outcome of an attempt that counts no more waits for nothing. Its runner is told each time how much of the log is in
 * the archive, and tells the outcome again until that is all; then the record hears that the log is complete after all.
 */
export class ResultHandler {
  readonly #context: ReporterContext;
  readonly #archive: Archive;
  readonly #waits: LogWaits;
  readonly #claims: ClaimedAttempts;
  readonly #mostWaiting: number;
  readonly #measures: Measures;
  readonly #authority: SenderCheck;
  #waiting = 0;
  /** builds whose files are written, and the write, which is still to begin, that will note it */
  #reported: { ids: BuildId[]; noted: Promise<void> } | undefined;

  /** @param limits `waiting`: how many outcomes at most wait here for their logs; `log`: see LogWaits */
  constructor(context: ReporterContext, archive: Archive, limits: { waiting: number; log?: LogBounds }) {
    this.#context = context;
    this.#waits = new LogWaits(limits.log);
    this.#claims = new ClaimedAttempts(context.access);
    this.#archive = archive;
    this.#mostWaiting = limits.waiting;
    this.#measures = new Measures(context.database, context.access);
    this.#authority = new SenderCheck(context);
  }

  /** What holds up outcomes, for people. */
  problems(): Problem[] {
    return this.#waits.problems();
  }

  async handle(message: ResultMessage, { content }: Pick<Delivery, 'content'>): Promise<void> {
    if (message.kind === 'decided') {
      if (await this.#authority.isOurs(message, content)) await this.#decided(message);
      return;
    }
    const heard = await this.#authority.ofRunner(message, content);
    if (!heard) return;
    switch (message.kind) {
      case 'started':
        return this.#started(message, heard);
      case 'steps':
        return this.#steps(message, heard);
      case 'finished':
        return this.#finished(message, heard);
      case 'returned':
        return this.#returned(message);
    }
  }

  /** A runner's word that it has begun an attempt, which its log has brought along. @param content as it came */
  async hearClaim(content: unknown): Promise<void> {
    const message = resultMessage.safeParse(content);
    if (message.success && message.data.kind === 'started') await this.handle(message.data, { content });
  }

  /** Writes the files of a final build, and notes that it is done; says so where that cannot be done. */
  async reportAlone(id: BuildId, known?: BuildSummary): Promise<void> {
    const { database, config, problems } = this.#context;
    await problems.alone(`writing the results of build ${id}`, async () => {
      const build = known ?? (await findBuildSummary(database, id));
      if (build) await writeTestResults(database, config.dataDir, build);
      await this.#noteReported(id);
    });
  }

  /** All that are to be noted by the time that it can be written are noted in one write. */
  #noteReported(id: BuildId): Promise<void> {
    if (this.#reported) {
      this.#reported.ids.push(id);
      return this.#reported.noted;
    }
    const group = { ids: [id], noted: Promise.resolve() };
    this.#reported = group;
    const close = () => {
      if (this.#reported === group) this.#reported = undefined;
    };
    group.noted = this.#context.database
      .write((db) => {
        close();
        return markReported(db, group.ids);
      })
      // one that could not even begin must not have others wait for it
      .finally(close);
    return group.noted;
  }

  async #started(message: Pick<Result<'started'>, 'job' | 'attempt' | 'runner' | 'at'>, heard: Sender): Promise<void> {
    if (!heard.holder?.isFree) return;
    const runner = { ...message.runner, key: heard.key };
    const build = await startAttempt(this.#context.database, message, runner, Date.parse(message.at), () =>
      this.#archive.begin(message),
    );
    if (!build) return;
    await this.#announce(message.job, build);
    await this.#measures.started(message);
  }

  async #steps(message: Result<'steps'>, { holder }: Sender): Promise<void> {
    // the next ones, or the outcome, hold these as well
    if (holder?.key === null) return;
    const steps = await this.#stepsWithinBuild(message);
    const build = await recordSteps(this.#context.database, message, message.revision, steps);
    if (build) await this.#announce(message.job, build);
  }

  /** What all jobs of a build have said is shown on one page. */
  async #stepsWithinBuild({ job, steps }: Result<'steps' | 'finished'>): Promise<Step[]> {
    const size = sizeOf(steps);
    if (size <= fewSteps) return steps;
    const others = await sizeOfSteps(this.#context.database, buildIdOf(job), job);
    return stepsWithin(steps, Math.max(fewSteps, mostSteps - others));
  }

  async #finished(message: Result<'finished'>, heard: Sender): Promise<void> {
    const { access, config, database, logger } = this.#context;
    const { job, attempt, runner } = message;
    if (isUnwanted(heard.holder))
      return notifyRunner(access, runner.id as RunnerId, { kind: 'recorded', job, attempt });
    // word of its start was lost, or comes later: without it the log is nobody's
    await this.#started({ job, attempt, runner, at: message.startedAt }, heard);
    const bytes = await this.#archive.length(message);
    const logComplete =
      bytes >= message.logBytes || ((await this.#counts(message)) ? await this.#waitForLog(message) : undefined);
    if (logComplete === undefined) {
      this.#waits.end(message);
      return this.#tellRecorded(message);
    }
    const tests = message.tests && (await this.#recordTests(message, message.tests));
    const { status, reason, message: text, exitCode } = message;
    const steps = await this.#stepsWithinBuild(message);
    const moved = await finishAttempt(database, message, {
      status,
      reason,
      message: text,
      runner,
      exitCode,
      ...(message.outputs && { outputs: message.outputs }),
      steps,
      ...(tests && { tests }),
      logBytes: message.logBytes,
      logComplete,
      startedAt: Date.parse(message.startedAt),
      finishedAt: Date.parse(message.finishedAt),
      ...(message.again && { pauses: pausesOf(config.tryAgain) }),
    });
    this.#waits.end(message);
    if (moved) this.#measures.finished(message, moved);
    else if (logComplete) await this.#completeLog(message);
    if (moved?.againAt !== undefined) return this.#triesAgain(message, moved);
    const build = await this.#settled(message.job, moved?.build);
    const about = { repo: build?.repo, ...workOf(message), runner: runner.id };
    if (moved) logger.info(`recorded: ${status}`, about);
    else logger.debug('an outcome that counts no more', { ...about, status });
    await this.#tellRecorded(message);
  }

  /** What was recorded without the end of its log has it now. */
  async #completeLog(message: Result<'finished'>): Promise<void> {
    const build = await noteCompleteLog(this.#context.database, message);
    if (!build) return;
    this.#context.logger.info('the rest of the log has come', { ...workOf(message), runner: message.runner.id });
    await this.#announce(message.job, build);
    if (build.finishedAt !== null) await this.reportAlone(build.id, build);
  }

  /** The runner keeps its copy of the log until all of that is on the archive's disk, and forgets the outcome at once. */
  async #tellRecorded(message: Result<'finished'>): Promise<void> {
    const { job, attempt, runner } = message;
    const [bytes] = await Promise.all([this.#archive.durable(message), this.#context.database.durable()]);
    await notifyRunner(this.#context.access, runner.id as RunnerId, { kind: 'recorded', job, attempt, bytes });
  }

  async #triesAgain(message: Result<'finished'>, { build, againAt = 0 }: FinishedAttempt): Promise<void> {
    const { reason, message: why } = message;
    if (reason !== null) this.#measures.repeated(reason);
    const about = { repo: build.repo, ...workOf(message), runner: message.runner.id };
    this.#context.logger.info(`tries the job again at ${new Date(againAt).toISOString()}: ${why}`, about);
    await this.#announce(message.job, build);
    await this.#context.queues.sendWhenDue({ v: 1, build: build.id, due: message.job }, againAt);
    await this.#tellRecorded(message);
  }

  /**
   * Before the outcome, so that whoever sees that sees its tests; an outcome that comes again goes on where it stopped.
   * Results that cannot be understood never hold up an outcome.
   */
  async #recordTests(message: Result<'finished'>, packed: PackedTests): Promise<TestSummary> {
    let listed = 0;
    const batches = unpackTests(packed);
    for (;;) {
      const next = await batches.next().catch((error: unknown) => {
        this.#context.logger.warn(`results of tests cannot be read: ${errorText(error)}`, workOf(message));
      });
      if (!next || next.done) break;
      if (!(await recordTests(this.#context.database, message, listed + 1, next.value))) break;
      listed += next.value.length;
    }
    return { ...packed.summary, listed };
  }

  async #returned(message: Result<'returned'>): Promise<void> {
    const { database, queues } = this.#context;
    const at = Date.parse(message.at);
    const lost = { reason: 'handed_back', message: message.message, at, runner: message.runner } as const;
    if (await moveToNextAttempt(database, message, lost)) this.#measures.lost('handed_back');
    const id = buildIdOf(message.job);
    const build = await findBuildSummary(database, id);
    if (build) await this.#announce(message.job, build);
    await queues.sendAdvance({ v: 1, build: id });
  }

  async #decided(message: Result<'decided'>): Promise<void> {
    const { status, reason, message: text } = message;
    const outcome = { status, reason, message: text };
    const moved = await decideJob(this.#context.database, message, outcome, Date.parse(message.at));
    if (moved && reason === 'poison') this.#measures.lost(reason);
    const build = await this.#settled(message.job, moved);
    if (moved) this.#context.logger.info(`decided: ${status} (${reason})`, { repo: build?.repo, ...workOf(message) });
  }

  /**
   * The rest of what follows from a final job; all of it may be done again.
   * @param moved the build, where the job has just become final
   */
  async #settled(job: JobId, moved: BuildSummary | undefined): Promise<BuildSummary | undefined> {
    const { database, queues } = this.#context;
    const build = moved ?? (await findBuildSummary(database, buildIdOf(job)));
    if (!build) return undefined;
    if (moved) this.#measures.settled(build);
    await this.#announce(job, build);
    // the sweep does it later where it cannot be done now; the verdict stands and is passed on all the same
    if (build.finishedAt !== null) await this.reportAlone(build.id, build);
    await queues.sendAdvance({ v: 1, build: build.id });
    return build;
  }

  async #announce(job: JobId, { repo, status }: Pick<BuildSummary, 'repo' | 'status'>): Promise<void> {
    await announceChange(this.#context.access, { build: buildIdOf(job), repo, status });
  }

  /** Whether the job is still open with this attempt; the record decides again when it is written. */
  async #counts({ job, attempt }: AttemptRef): Promise<boolean> {
    const state = (await currentAttempts(this.#context.database, [job])).get(job);
    return state?.open === true && state.attempt === attempt;
  }

  /**
   * An outcome becomes final when its log is in the archive. While its runner lives the rest of the log will come; when
   * that is gone for good, the log is what there is.
   * @returns whether the log is complete
   * @throws Later while it is to be waited for
   */
  async #waitForLog(message: Result<'finished'>): Promise<boolean> {
    const name = attemptName(message);
    if (await this.#logReaches(message)) return true;
    const lives = await this.#claims.has(name);
    const bytes = await this.#archive.length(message);
    const found = this.#waits.look(message, bytes, lives);
    const { job, attempt, runner } = message;
    // it may have taken the log for complete, and the archive have lost some of it with the power of its machine
    const notice = { kind: 'archived', job, attempt, bytes, isShort: true } as const;
    if ('pause' in found) await notifyRunner(this.#context.access, runner.id as RunnerId, notice);
    if ('pause' in found) throw new Later(found.pause, `the log of ${name} is not complete yet`);
    const about = { ...workOf(message), runner: message.runner.id };
    this.#context.logger.warn(`recorded without the end of its log: ${found.lost}`, about);
    return false;
  }

  /** Whether the log is complete; that is waited for a moment, where not too many wait already. */
  async #logReaches(message: Result<'finished'>): Promise<boolean> {
    if (this.#waiting >= this.#mostWaiting) return this.#archive.reaches(message, message.logBytes, 0);
    this.#waiting++;
    try {
      return await this.#archive.reaches(message, message.logBytes, logPatience);
    } finally {
      this.#waiting--;
    }
  }
}

/** What a line about a job carries. */
function workOf({ job, attempt }: { job: JobId; attempt?: number }) {
  return { build: buildIdOf(job), job, ...(attempt === undefined ? {} : { attempt }) };
}
