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
import { pausesOf } from '../kernel/retry-pauses.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import { type Result, type ResultMessage, resultMessage } from '../queues/messages.ts';
import { type PackedTests, unpackTests } from '../queues/packed-tests.ts';
import type { StageContext } from '../queues/stage.ts';
import { findBuildSummary, markReported, sizeOfSteps } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import { type FinishedAttempt, finishAttempt, noteCompleteLog } from '../record/finished-attempts.ts';
import { anyForge } from '../record/forges.ts';
import { decideJob, startAttempt } from '../record/job-transitions.ts';
import { moveToNextAttempt } from '../record/next-attempts.ts';
import { currentAttempts } from '../record/open-jobs.ts';
import { recordSteps } from '../record/recorded-steps.ts';
import { recordTests } from '../record/test-results.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import type { Archive } from './archive.ts';
import { AttemptMetrics } from './attempt-metrics.ts';
import { ClaimedAttempts } from './claimed-attempts.ts';
import { type LogBounds, LogWaits } from './log-waits.ts';
import { isUnwanted, type Sender, SenderCheck } from './sender-check.ts';
import { writeTestResults } from './test-results.ts';

/** Milliseconds that one delivery of an outcome waits for the end of its log. */
const logTimeout = 1000;

/**
 * The most bytes of the steps of all jobs of a build together, and the bytes that each job may have in any case: the page of a build
 * and the API return all of them at once.
 */
const mostSteps = 4_000_000;
const fewSteps = 4000;

export type ReporterContext = StageContext & { database: Database; problems: Problems };

/**
 * Records what happened to attempts; a repeated message changes nothing more.
 *
 * The outcome of the current attempt waits until its log is complete, and is then recorded. Some outcomes wait in this process,
 * which is fastest; further ones go back to the queue and are delivered again, so that slow logs do not hold up others. When
 * no more of a log is expected (see LogWaits), the outcome is recorded with an incomplete log.
 * The outcome of an attempt that does not count any more does not wait. Each time, its runner is notified how much of the log is
 * archived, and repeats the outcome until that is all; then the database records that the log is complete.
 */
export class ResultHandler {
  readonly #context: ReporterContext;
  readonly #archive: Archive;
  readonly #waits: LogWaits;
  readonly #claims: ClaimedAttempts;
  readonly #mostWaiting: number;
  readonly #metrics: AttemptMetrics;
  readonly #senders: SenderCheck;
  #waiting = 0;
  /** builds whose files are written, and the pending write that will record that */
  #reported: { ids: BuildId[]; noted: Promise<void> } | undefined;

  /** @param limits `waiting`: the most outcomes that wait in this process for their logs; `log`: see LogWaits */
  constructor(context: ReporterContext, archive: Archive, limits: { waiting: number; log?: LogBounds }) {
    this.#context = context;
    this.#waits = new LogWaits(limits.log);
    this.#claims = new ClaimedAttempts(context.access);
    this.#archive = archive;
    this.#mostWaiting = limits.waiting;
    this.#metrics = new AttemptMetrics(context.database, context.access);
    this.#senders = new SenderCheck(context);
  }

  /** Outcomes that wait for long. */
  problems(): Problem[] {
    return this.#waits.problems();
  }

  async handle(message: ResultMessage, { content }: Pick<Delivery, 'content'>): Promise<void> {
    if (message.kind === 'decided') {
      if (await this.#senders.isOwn(message, content)) await this.#decided(message);
      return;
    }
    const sender = await this.#senders.senderOf(message, content);
    if (!sender) return;
    switch (message.kind) {
      case 'started':
        return this.#started(message, sender);
      case 'steps':
        return this.#steps(message, sender);
      case 'finished':
        return this.#finished(message, sender);
      case 'returned':
        return this.#returned(message);
    }
  }

  /** Handles a runner's claim that it has started an attempt, from a log chunk. @param content as received */
  async receiveClaim(content: unknown): Promise<void> {
    const message = resultMessage.safeParse(content);
    if (message.success && message.data.kind === 'started') await this.handle(message.data, { content });
  }

  /** Writes the files of a final build and records that; notes a problem instead of throwing. */
  async reportAlone(id: BuildId, known?: BuildSummary): Promise<void> {
    const { database, config, problems } = this.#context;
    await problems.alone(`writing the results of build ${id}`, async () => {
      const build = known ?? (await findBuildSummary(database, id));
      if (build) await writeTestResults(database, config.dataDir, build);
      await this.#noteReported(id);
    });
  }

  /** Records all builds that are waiting in one write. */
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
      // a write that could not start must not collect further builds
      .finally(close);
    return group.noted;
  }

  async #started(message: Pick<Result<'started'>, 'job' | 'attempt' | 'runner' | 'at'>, sender: Sender): Promise<void> {
    if (!sender.holder?.isFree) return;
    const runner = { ...message.runner, key: sender.key };
    const build = await startAttempt(this.#context.database, message, runner, Date.parse(message.at), () =>
      this.#archive.begin(message),
    );
    if (!build) return;
    await this.#announce(message.job, build);
    await this.#metrics.started(message);
  }

  async #steps(message: Result<'steps'>, { holder }: Sender): Promise<void> {
    // the next steps, or the outcome, include these
    if (holder?.key === null) return;
    const steps = await this.#stepsWithinBuild(message);
    const build = await recordSteps(this.#context.database, message, message.revision, steps);
    if (build) await this.#announce(message.job, build);
  }

  /** Bounds the steps of a build, whose page shows those of all jobs. */
  async #stepsWithinBuild({ job, steps }: Result<'steps' | 'finished'>): Promise<Step[]> {
    const size = sizeOf(steps);
    if (size <= fewSteps) return steps;
    const others = await sizeOfSteps(this.#context.database, buildIdOf(job), job);
    return stepsWithin(steps, Math.max(fewSteps, mostSteps - others));
  }

  async #finished(message: Result<'finished'>, sender: Sender): Promise<void> {
    const { access, config, database, logger } = this.#context;
    const { job, attempt, runner } = message;
    if (isUnwanted(sender.holder))
      return notifyRunner(access, runner.id as RunnerId, { kind: 'recorded', job, attempt });
    // the start was lost or arrives later; without it the log has no owner
    await this.#started({ job, attempt, runner, at: message.startedAt }, sender);
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
      ...(message.url !== undefined && { url: message.url }),
      ...(message.image && { image: message.image }),
      steps,
      ...(tests && { tests }),
      logBytes: message.logBytes,
      logComplete,
      startedAt: Date.parse(message.startedAt),
      finishedAt: Date.parse(message.finishedAt),
      ...(message.again && { pauses: pausesOf(config.tryAgain) }),
    });
    this.#waits.end(message);
    if (moved) this.#metrics.finished(message, moved);
    else if (logComplete) await this.#completeLog(message);
    if (moved?.againAt !== undefined) return this.#repeat(message, moved);
    const build = await this.#settled(message.job, moved?.build);
    const about = { repo: build?.repo, ...workOf(message), runner: runner.id };
    if (moved) logger.info(`recorded: ${status}`, about);
    else logger.debug('ignored an outcome of an attempt that does not count any more', { ...about, status });
    await this.#tellRecorded(message);
  }

  /** Records that a log which was recorded as incomplete is complete now. */
  async #completeLog(message: Result<'finished'>): Promise<void> {
    const build = await noteCompleteLog(this.#context.database, message);
    if (!build) return;
    this.#context.logger.info('the rest of the log has arrived', { ...workOf(message), runner: message.runner.id });
    await this.#announce(message.job, build);
    if (build.finishedAt !== null) await this.reportAlone(build.id, build);
  }

  /** The runner keeps its spool until the whole log is on the archive's disk, and drops the outcome at once. */
  async #tellRecorded(message: Result<'finished'>): Promise<void> {
    const { job, attempt, runner } = message;
    const [bytes] = await Promise.all([this.#archive.durable(message), this.#context.database.durable()]);
    await notifyRunner(this.#context.access, runner.id as RunnerId, { kind: 'recorded', job, attempt, bytes });
  }

  async #repeat(message: Result<'finished'>, { build, againAt = 0 }: FinishedAttempt): Promise<void> {
    const { reason, message: why } = message;
    if (reason !== null) this.#metrics.repeated(reason);
    const about = { repo: build.repo, ...workOf(message), runner: message.runner.id };
    this.#context.logger.info(`the job runs again at ${new Date(againAt).toISOString()}: ${why}`, about);
    await this.#announce(message.job, build);
    await this.#context.queues.sendWhenDue({ v: 1, build: build.id, due: message.job }, againAt);
    await this.#tellRecorded(message);
  }

  /**
   * Records the tests before the outcome, so that a reader of the outcome finds its tests; a repeated outcome continues where it
   * stopped. Unreadable tests do not hold up an outcome.
   */
  async #recordTests(message: Result<'finished'>, packed: PackedTests): Promise<TestSummary> {
    let listed = 0;
    const batches = unpackTests(packed);
    for (;;) {
      const next = await batches.next().catch((error: unknown) => {
        this.#context.logger.warn(`cannot read the results of tests: ${errorText(error)}`, workOf(message));
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
    const onDisk = message.disk === true ? message.runner.name : undefined;
    if (await moveToNextAttempt(database, message, lost, onDisk)) this.#metrics.lost('handed_back');
    const id = buildIdOf(message.job);
    const build = await findBuildSummary(database, id);
    if (build) await this.#announce(message.job, build);
    await queues.sendAdvance({ v: 1, build: id });
  }

  async #decided(message: Result<'decided'>): Promise<void> {
    const { status, reason, message: text } = message;
    const outcome = { status, reason, message: text };
    const moved = await decideJob(this.#context.database, message, outcome, Date.parse(message.at));
    if (moved && reason === 'poison') this.#metrics.lost(reason);
    const build = await this.#settled(message.job, moved);
    if (moved) this.#context.logger.info(`decided: ${status} (${reason})`, { repo: build?.repo, ...workOf(message) });
  }

  /**
   * Does what follows from a final job; repeating it is harmless.
   * @param moved the build, if the job has just become final
   */
  async #settled(job: JobId, moved: BuildSummary | undefined): Promise<BuildSummary | undefined> {
    const { database, queues } = this.#context;
    const build = moved ?? (await findBuildSummary(database, buildIdOf(job)));
    if (!build) return undefined;
    if (moved) this.#metrics.settled(build);
    await this.#announce(job, build);
    if (moved && build.finishedAt !== null && (await anyForge(database))) await queues.sendNotices();
    // if this fails, reportUnreportedBuilds repeats it; the verdict is passed on in any case
    if (build.finishedAt !== null) await this.reportAlone(build.id, build);
    await queues.sendAdvance({ v: 1, build: build.id });
    return build;
  }

  async #announce(job: JobId, { repo, status }: Pick<BuildSummary, 'repo' | 'status'>): Promise<void> {
    await announceChange(this.#context.access, { build: buildIdOf(job), repo, status });
  }

  /** Whether the job is still open with this attempt; the write checks that again. */
  async #counts({ job, attempt }: AttemptRef): Promise<boolean> {
    const state = (await currentAttempts(this.#context.database, [job])).get(job);
    return state?.open === true && state.attempt === attempt;
  }

  /**
   * An outcome becomes final when its log is archived. While its runner is alive, the rest of the log will arrive; when the runner
   * is gone, the log stays incomplete.
   * @returns whether the log is complete
   * @throws Later while the outcome must wait
   */
  async #waitForLog(message: Result<'finished'>): Promise<boolean> {
    const name = attemptName(message);
    if (await this.#logReaches(message)) return true;
    const isClaimed = await this.#claims.has(name);
    const bytes = await this.#archive.length(message);
    const found = this.#waits.check(message, bytes, isClaimed);
    const { job, attempt, runner } = message;
    // the runner may believe that the log is complete, and the archive may have lost the end in a power cut
    const notice = { kind: 'archived', job, attempt, bytes, isShort: true } as const;
    if ('pause' in found) await notifyRunner(this.#context.access, runner.id as RunnerId, notice);
    if ('pause' in found) throw new Later(found.pause, `the log of ${name} is not complete yet`);
    const about = { ...workOf(message), runner: message.runner.id };
    this.#context.logger.warn(`recorded with an incomplete log: ${found.lost}`, about);
    return false;
  }

  /** Whether the log is complete; waits for a moment, unless too many outcomes wait already. */
  async #logReaches(message: Result<'finished'>): Promise<boolean> {
    if (this.#waiting >= this.#mostWaiting) return this.#archive.reaches(message, message.logBytes, 0);
    this.#waiting++;
    try {
      return await this.#archive.reaches(message, message.logBytes, logTimeout);
    } finally {
      this.#waiting--;
    }
  }
}

/** Fields of a log line about a job. */
function workOf({ job, attempt }: { job: JobId; attempt?: number }) {
  return { build: buildIdOf(job), job, ...(attempt === undefined ? {} : { attempt }) };
}
