import { sizeOf, stepsWithin } from '../job/result-size.ts';
import { errorText } from '../kernel/errors.ts';
import { FadingMap } from '../kernel/fading-map.ts';
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
import type { Problems } from '../kernel/problems.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import { type Result, type ResultMessage, resultMessage } from '../queues/messages.ts';
import { type PackedTests, unpackTests } from '../queues/packed-tests.ts';
import type { StageContext } from '../queues/stage.ts';
import { findBuildSummary, markReported, sizeOfSteps } from '../record/builds.ts';
import { decideJob, finishAttempt, moveToNextAttempt, recordSteps, startAttempt } from '../record/moves.ts';
import { currentAttempts } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { recordTests } from '../record/test-results.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import { listRunners } from '../redis/membership.ts';
import type { Archive } from './archive.ts';
import { Authority, type Heard, isVain } from './authority.ts';
import { Measures } from './measures.ts';
import { writeTestResults } from './test-results.ts';

/** How long (ms) an outcome waits for the end of its log while its runner lives. */
const longestWait = 600_000;
/** How long (ms) one delivery of an outcome waits for the end of its log, and how long until the next delivery. */
const logPatience = 1000;
const nextDelivery = logPatience / 2;

/**
 * Bytes that the steps of all jobs of a build may have together, and those that a job has in any case: a build's page and the
 * API tell all of them at once.
 */
const mostSteps = 4_000_000;
const fewSteps = 4000;

export type ReporterContext = StageContext & { record: Record; problems: Problems };

/**
 * Takes in what has become of attempts; what it is told twice it does once.
 *
 * An outcome of the current attempt: held until its log is complete → recorded. It is held in two ways, so that those
 * whose logs are slow never keep others from being taken in: some wait here, which is quickest; the others are put back
 * and come again. Where its runner is gone for good, or after `longestWait`, it is recorded without the rest.
 * An outcome of an attempt that counts no more is never waited for: it is dropped, and its runner, which tells it again
 * until it hears that it is recorded, hears that as soon as the log is complete.
 */
export class ResultHandler {
  readonly #context: ReporterContext;
  readonly #archive: Archive;
  /** since when the runner of an outcome whose log is not complete has been gone, by attempt */
  readonly #goneSince = new FadingMap<string, number>(60_000, 10_000);
  readonly #mostWaiting: number;
  readonly #measures: Measures;
  readonly #authority: Authority;
  #waiting = 0;
  /** builds whose files are written, and the write, which is still to begin, that will note it */
  #reported: { ids: BuildId[]; noted: Promise<void> } | undefined;

  /** @param limits `waiting`: how many outcomes at most wait here for their logs */
  constructor(context: ReporterContext, archive: Archive, limits: { waiting: number }) {
    this.#context = context;
    this.#archive = archive;
    this.#mostWaiting = limits.waiting;
    this.#measures = new Measures(context.record, context.access);
    this.#authority = new Authority(context);
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
    const { record, config, problems } = this.#context;
    await problems.alone(`writing the results of build ${id}`, async () => {
      const build = known ?? (await findBuildSummary(record, id));
      if (build) await writeTestResults(record, config.dataDir, build);
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
    group.noted = this.#context.record
      .write((db) => {
        close();
        return markReported(db, group.ids);
      })
      // one that could not even begin must not have others wait for it
      .finally(close);
    return group.noted;
  }

  async #started(message: Pick<Result<'started'>, 'job' | 'attempt' | 'runner' | 'at'>, heard: Heard): Promise<void> {
    if (!heard.holder?.isFree) return;
    const runner = { ...message.runner, key: heard.key };
    const build = await startAttempt(this.#context.record, message, runner, Date.parse(message.at));
    if (!build) return;
    await this.#announce(message.job, build);
    await this.#measures.started(message);
  }

  async #steps(message: Result<'steps'>, { holder }: Heard): Promise<void> {
    // the next ones, or the outcome, hold these as well
    if (holder?.key === null) return;
    const steps = await this.#stepsWithinBuild(message);
    const build = await recordSteps(this.#context.record, message, message.revision, steps);
    if (build) await this.#announce(message.job, build);
  }

  /** What all jobs of a build have said is shown on one page. */
  async #stepsWithinBuild({ job, steps }: Result<'steps' | 'finished'>): Promise<Step[]> {
    const size = sizeOf(steps);
    if (size <= fewSteps) return steps;
    const others = await sizeOfSteps(this.#context.record, buildIdOf(job), job);
    return stepsWithin(steps, Math.max(fewSteps, mostSteps - others));
  }

  async #finished(message: Result<'finished'>, heard: Heard): Promise<void> {
    const { record, logger } = this.#context;
    const { job, attempt } = message;
    if (isVain(heard.holder)) return this.#tellRecorded(message);
    // word of its start was lost, or comes later: without it the log is nobody's
    await this.#started({ job, attempt, runner: message.runner, at: message.startedAt }, heard);
    const logComplete = await this.#waitForLog(message);
    if (logComplete === 'unwanted') {
      logger.debug(`dropped an outcome of ${attemptName(message)}, which counts no more and whose log is on its way`);
      return;
    }
    const tests = message.tests && (await this.#recordTests(message, message.tests));
    const { status, reason, message: text, runner, exitCode } = message;
    const steps = await this.#stepsWithinBuild(message);
    const moved = await finishAttempt(record, message, {
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
    });
    if (moved) this.#measures.finished(message, moved);
    const build = await this.#settled(message.job, moved?.build);
    const about = { repo: build?.repo, ...workOf(message), runner: runner.id };
    if (moved) logger.info(`recorded: ${status}`, about);
    else logger.debug('an outcome that counts no more', { ...about, status });
    await this.#tellRecorded(message);
  }

  async #tellRecorded({ job, attempt, runner }: Result<'finished'>): Promise<void> {
    await notifyRunner(this.#context.access, runner.id as RunnerId, { kind: 'recorded', job, attempt });
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
      if (!(await recordTests(this.#context.record, message, listed + 1, next.value))) break;
      listed += next.value.length;
    }
    return { ...packed.summary, listed };
  }

  async #returned(message: Result<'returned'>): Promise<void> {
    const { record, queues } = this.#context;
    const at = Date.parse(message.at);
    const lost = { reason: 'handed_back', message: message.message, at, runner: message.runner } as const;
    if (await moveToNextAttempt(record, message, lost)) this.#measures.lost('handed_back');
    const id = buildIdOf(message.job);
    const build = await findBuildSummary(record, id);
    if (build) await this.#announce(message.job, build);
    await queues.sendAdvance({ v: 1, build: id });
  }

  async #decided(message: Result<'decided'>): Promise<void> {
    const { status, reason, message: text } = message;
    const outcome = { status, reason, message: text };
    const moved = await decideJob(this.#context.record, message, outcome, Date.parse(message.at));
    if (moved && reason === 'poison') this.#measures.lost(reason);
    const build = await this.#settled(message.job, moved);
    if (moved) this.#context.logger.info(`decided: ${status} (${reason})`, { repo: build?.repo, ...workOf(message) });
  }

  /**
   * The rest of what follows from a final job; all of it may be done again.
   * @param moved the build, where the job has just become final
   */
  async #settled(job: JobId, moved: BuildSummary | undefined): Promise<BuildSummary | undefined> {
    const { record, queues } = this.#context;
    const build = moved ?? (await findBuildSummary(record, buildIdOf(job)));
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
    const state = (await currentAttempts(this.#context.record, [job])).get(job);
    return state?.open === true && state.attempt === attempt;
  }

  /**
   * An outcome becomes final when its log is in the archive. While its runner lives the rest of the log will come; when
   * that is gone for good, the log is what there is.
   * @returns whether the log is complete; `unwanted` where that is not and the outcome is not waited for
   * @throws Later while it is to be waited for
   */
  async #waitForLog(message: Result<'finished'>): Promise<boolean | 'unwanted'> {
    const name = attemptName(message);
    if (await this.#logReaches(message)) {
      this.#goneSince.delete(name);
      return true;
    }
    if (!(await this.#counts(message))) return isOld(message) ? false : 'unwanted';
    if (await this.#logReaches(message, logPatience)) {
      this.#goneSince.delete(name);
      return true;
    }
    const { alive } = await listRunners(this.#context.access);
    const lives = alive.some((member) => [...member.running, ...member.reporting].includes(name));
    if (lives) this.#goneSince.delete(name);
    else if (this.#goneSince.get(name) === undefined) this.#goneSince.set(name, Date.now());
    const since = this.#goneSince.get(name) ?? Date.now();
    if (!isOld(message) && Date.now() - since < 2 * heartbeatTtl) {
      throw new Later(nextDelivery, `the log of ${name} is not complete yet`);
    }
    this.#goneSince.delete(name);
    this.#context.logger.warn('the end of the log is lost', { ...workOf(message), runner: message.runner.id });
    return false;
  }

  /** @param patience milliseconds that it is waited for, where not too many wait already */
  async #logReaches(message: Result<'finished'>, patience = 0): Promise<boolean> {
    const mayWait = patience > 0 && this.#waiting < this.#mostWaiting;
    if (mayWait) this.#waiting++;
    try {
      return await this.#archive.reaches(message, message.logBytes, mayWait ? patience : 0);
    } finally {
      if (mayWait) this.#waiting--;
    }
  }
}

function isOld({ finishedAt }: Result<'finished'>): boolean {
  return Date.now() - Date.parse(finishedAt) > longestWait;
}

/** What a line about a job carries. */
function workOf({ job, attempt }: { job: JobId; attempt?: number }) {
  return { build: buildIdOf(job), job, ...(attempt === undefined ? {} : { attempt }) };
}
