import { FadingMap } from '../kernel/fading-map.ts';
import { type AttemptRef, attemptName, parseAttemptName, type RunnerId } from '../kernel/model.ts';
import type { Problems } from '../kernel/problems.ts';
import { serverNow, serverTime } from '../kernel/server-time.ts';
import { type HeldAttempt, heldAttempts, queuesOf, retireAttempt } from '../queues/attempts.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { countLosses, type LostRunner, notAlone, noteLoss } from '../record/losses.ts';
import { moveToNextAttempt } from '../record/moves.ts';
import { currentAttempts, type OpenJob, openJobs, runningAttempts } from '../record/open-jobs.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import { forgetGone, leave, listRunners, type RunnerMember } from '../redis/membership.ts';
import { isSeenGone } from '../redis/process.ts';
import { count } from '../redis/tallies.ts';
import { type Loss, Losses } from './losses.ts';
import { routeBuild } from './route.ts';
import { admitRunners } from './runner-keys.ts';
import { Sightings } from './sightings.ts';

/** While anything runs, the runners are glanced at this often (ms): a death is to be noticed within half a second. */
const glanceInterval = 200;
/** While nothing runs the registry is looked at this often (ms). */
const idleInterval = 1000;
/** A glance may come by so much (ms) sooner after a look than the interval says. */
const jitter = 50;
/** While anything runs, the next look waits for so many times what the last has taken; a fleet of thousands takes long. */
const rest = 4;

/** A loss of which it is still to be found out whether others were lost with it. */
type Noticed = Omit<Loss, 'alone'>;

/**
 * Watches the runners and takes back the attempts of those that are gone. An attempt is taken back when no living
 * runner has claimed it for one TTL, counted from the last heartbeat that was seen of its runner, and never before our
 * own connection has lasted that long; or at once when this process, on the runner's machine, sees that the runner and
 * its attempts' processes are gone. Where Redis takes no heartbeats, those of runners are missing like our own: the time
 * counts from our last one that it has refused. A runner that lives and has said nothing new, since Redis only keeps its
 * last heartbeat, cannot have said what it runs, so its attempts are left to it.
 *
 * What is done about a lost attempt: nothing, if its outcome waits to be recorded; else the job is given to another
 * runner as its next attempt, or ended as poison, see losses.ts. Each look does each of these alone: one that fails is
 * said and comes again with the next look.
 */
export class FleetWatch {
  readonly #context: StageContext & { database: Database; problems: Problems };
  readonly #sightings = new Sightings();
  readonly #losses = new Losses(this.#sightings);
  /** when an attempt was last claimed, by attempt name */
  readonly #claimed = new FadingMap<string, number>(60 * heartbeatTtl, 100_000);
  /** losses that were noticed and about which nothing is done yet, by attempt name */
  readonly #open = new FadingMap<string, Noticed>(12 * heartbeatTtl, 10_000);
  /** the heartbeat of a runner after which it was told that an attempt that it claims counts no more, by both names */
  readonly #told = new FadingMap<string, string>(12 * heartbeatTtl, 10_000);
  /** keys of runners that were looked for in the data directory */
  readonly #looked = new FadingMap<string, true>(60 * heartbeatTtl, 10_000);
  /** since when our own heartbeats, as far as they came to Redis, were taken */
  #connectedAt = performance.now();
  /** runners that live and whose heartbeats cannot be understood */
  #unreadable: ReadonlySet<RunnerId> = new Set();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** how long (ms) the last look has taken */
  #lookTook = 0;
  /** whether there is anything that could be lost, as far as the last look has seen */
  #atWork = false;

  constructor(context: StageContext & { database: Database; problems: Problems }) {
    this.#context = context;
    context.access.client.on('ready', () => this.beginAnew());
  }

  /** Redis is there again after it was not, or has just refused a heartbeat: silence counts from now on. */
  beginAnew(): void {
    this.#connectedAt = performance.now();
    this.#sightings.begin();
  }

  /** All runners that were there not long ago; undefined where that is not known. */
  recentRunners(): RunnerId[] | undefined {
    return this.#sightings.recent();
  }

  /** How long (ms) to wait for the next glance. */
  get pace(): number {
    return this.#atWork ? glanceInterval : idleInterval;
  }

  /**
   * A build has moved, so there may be something to lose soon.
   * @returns whether the pace has changed by that
   */
  expectWork(): boolean {
    if (this.#atWork) return false;
    this.#atWork = true;
    this.#lookedAt = performance.now();
    return true;
  }

  /**
   * Looks where that may find something: while runners are at work, when one of this machine is seen to be gone, and
   * now and then.
   */
  async glance(): Promise<void> {
    const now = performance.now();
    const due = Math.min(this.#atWork ? rest * this.#lookTook : idleInterval, idleInterval) - jitter;
    if (now - this.#lookedAt < due && !this.#sightings.anyGone(now)) return;
    await this.look();
    this.#lookTook = performance.now() - now;
  }

  /** One look at the registry, the record and the queues. */
  async look(): Promise<void> {
    const { access, database, queues } = this.#context;
    const now = performance.now();
    this.#lookedAt = now;
    const { alive, gone, unreadable } = await listRunners(access);
    this.#tellUnreadable(unreadable as RunnerId[]);
    const witnessed = alive.filter((member) => isSeenGone(member) && member.scopes.every(isSeenGone));
    const living = alive.filter((member) => !witnessed.includes(member));
    const newlyLost = this.#noteRunners(alive, [...witnessed.map(({ id }) => id), ...(gone as RunnerId[])], now);
    this.#noteClaims(living, now);
    await this.#alone('letting new runners join', () => this.#admitNew(living));

    const running = await runningAttempts(database);
    await this.#alone('telling runners which attempts count no more', () => this.#stopSuperseded(living, running));
    const held = await heldAttempts(access, queues);
    this.#atWork = running.length > 0 || held.length > 0;
    for (const attempt of running) {
      if (attempt.keyEnded) {
        await this.#alone(`taking back job ${attempt.job}`, () => this.#takeBackEnded(attempt));
        continue;
      }
      const loss = this.#lossOf(attempt, attempt.runner, witnessed, now);
      if (loss) await this.#alone(`taking back job ${attempt.job}`, () => this.#takeBackRunning(attempt, loss));
    }
    const started = new Set(running.map(attemptName));
    for (const attempt of held.filter((each) => !started.has(attemptName(each)))) {
      await this.#alone(`taking back job ${attempt.job}`, () => this.#lookAtUnstarted(attempt, witnessed, now));
    }
    // after the jobs of these were taken back: what they have lost one after the other was not lost together
    for (const runner of newlyLost) {
      await this.#alone('noting which runners were lost together', () => notAlone(database, runner));
    }
    // not before: another dispatcher must still see what this one may die over
    for (const member of witnessed) await leave(access, 'runner', member.id);
    await forgetGone(access, 'runner', gone);
  }

  /** One that shares the data directory may have made its key just now. */
  async #admitNew(living: RunnerMember[]): Promise<void> {
    const fresh = living.flatMap(({ key }) => (key !== undefined && !this.#looked.get(key) ? [key] : []));
    if (fresh.length === 0) return;
    await admitRunners(this.#context);
    for (const key of fresh) this.#looked.set(key, true);
  }

  #alone(what: string, work: () => Promise<void>): Promise<boolean> {
    return this.#context.problems.alone(what, work);
  }

  /**
   * Remembers who is there, and who is lost.
   * @returns those whose loss is new
   */
  #noteRunners(alive: RunnerMember[], lost: RunnerId[], now: number): LostRunner[] {
    const ended = new Set(lost);
    const living = alive.filter(({ id }) => !ended.has(id));
    this.#sightings.note(living, lost, now);
    return lost.flatMap((id) => {
      const sighting = this.#sightings.of(id);
      if (!sighting) return [];
      const span = { lostAt: clockTime(sighting.aliveAt), noticedAt: serverNow() };
      return this.#losses.note(id, span) ? [{ id, ...span }] : [];
    });
  }

  #noteClaims(living: RunnerMember[], now: number): void {
    for (const member of living) {
      const seenAt = this.#sightings.of(member.id)?.seenAt ?? now;
      for (const name of [...member.running, ...member.reporting]) this.#claimed.set(name, seenAt);
    }
  }

  /**
   * A runner that was taken for lost may turn out to live: what it still runs of others' jobs is to end. So is what it
   * took from a Redis that had forgotten that another runner had it, as after a failover. It is told with each heartbeat
   * that still claims it; one that has just ended is in the last one, too.
   * @param recorded the attempts that run as far as the record knows
   */
  async #stopSuperseded(living: RunnerMember[], recorded: Awaited<ReturnType<typeof runningAttempts>>): Promise<void> {
    const { access, database, logger } = this.#context;
    const right = new Set(recorded.map((attempt) => `${attempt.runner} ${attemptName(attempt)}`));
    const claims = living.flatMap(({ id, running, heartbeatAt }) =>
      running.flatMap((name) => {
        const [claim, ref] = [`${id} ${name}`, parseAttemptName(name)];
        return ref && !right.has(claim) && this.#told.get(claim) !== heartbeatAt
          ? [{ id, ref, claim, heartbeatAt }]
          : [];
      }),
    );
    const current = await currentAttempts(database, [...new Set(claims.map(({ ref }) => ref.job))]);
    for (const { id, ref, claim, heartbeatAt } of claims) {
      const state = current.get(ref.job);
      const isOurs = state?.runner === null || state?.runner === id;
      if (!state || (state.open && state.attempt === ref.attempt && isOurs)) continue;
      logger.debug(`attempt ${attemptName(ref)} counts no more`, { runner: id });
      await notifyRunner(access, id, { kind: 'lose', ...ref });
      this.#told.set(claim, heartbeatAt);
    }
  }

  #lossOf(ref: AttemptRef, runner: RunnerId | undefined, witnessed: RunnerMember[], now: number): Noticed | undefined {
    const name = attemptName(ref);
    const known = this.#open.get(name);
    if (known) return known;
    if (!this.#claimed.get(name)) this.#claimed.set(name, now);
    const lastWord = Math.max(this.#claimed.get(name) ?? now, this.#connectedAt);
    const vanished = witnessed.find((member) => member.id === runner);
    if (runner !== undefined && this.#unreadable.has(runner)) {
      this.#claimed.set(name, now);
      return undefined;
    }
    if (!vanished && this.#heardUntil(runner, now) - lastWord < heartbeatTtl) return undefined;
    const loss: Noticed = {
      how: vanished ? 'runner vanished' : 'runner fell silent',
      lostAt: vanished ? this.#lastSignOf(vanished) : clockTime(lastWord),
      noticedAt: serverNow(),
    };
    this.#open.set(name, loss);
    return loss;
  }

  /** Until when it is known what the runner claims: one that lives may have said nothing for a while. */
  #heardUntil(runner: RunnerId | undefined, now: number): number {
    return this.#sightings.living(runner)?.seenAt ?? now;
  }

  /** They live, and may be at work on anything: what they have is left to them. */
  #tellUnreadable(ids: RunnerId[]): void {
    const { problems } = this.#context;
    const what = (id: RunnerId) => `reading the heartbeat of runner ${id}, which is of another version of Volt,`;
    for (const id of this.#unreadable) if (!ids.includes(id)) problems.clear(what(id));
    for (const id of ids) problems.note(what(id), new Error('its jobs are left to it'));
    this.#unreadable = new Set(ids);
  }

  /** Of a runner that went before this watch began, its last heartbeat is all that is known. */
  #lastSignOf(member: RunnerMember): number {
    const sighting = this.#sightings.of(member.id);
    return sighting ? clockTime(sighting.aliveAt) : Date.parse(member.heartbeatAt);
  }

  /** A message that a runner has taken while the record knows of no start: it may have died in between. */
  async #lookAtUnstarted(attempt: HeldAttempt, witnessed: RunnerMember[], now: number): Promise<void> {
    const { access, database, queues } = this.#context;
    const loss = this.#lossOf(attempt, attempt.runner, witnessed, now);
    if (!loss) return;
    const [job] = await openJobs(database, { jobs: [attempt.job], status: 'queued', limit: 1 });
    if (job?.attempt === attempt.attempt) {
      const holder = this.#sightings.living(attempt.runner)?.member;
      return holder ? this.#takeBackForgotten(job, holder) : this.#takeBack(job, attempt.runner, loss);
    }
    this.#settle(attempt);
    await retireAttempt(access, queues, attempt.queue, attempt);
  }

  async #takeBackRunning({ job: id, attempt }: AttemptRef, loss: Noticed): Promise<void> {
    const [job] = await openJobs(this.#context.database, { jobs: [id], status: 'running', limit: 1 });
    if (job?.attempt === attempt) await this.#takeBack(job, job.runner?.id, loss);
  }

  /** A person has ended the key of the runner that has it; that is told to end it when it claims it next. */
  async #takeBackEnded({ job: id, attempt }: AttemptRef): Promise<void> {
    const { database } = this.#context;
    const [job] = await openJobs(database, { jobs: [id], status: 'running', limit: 1 });
    if (job?.attempt !== attempt) return;
    const lost = { reason: 'runner_lost', message: 'the key of its runner was ended', at: serverNow() } as const;
    if (await moveToNextAttempt(database, { job: id, attempt }, lost)) await this.#sendNext(job, lost.message);
  }

  async #takeBack(job: OpenJob, runner: RunnerId | undefined, noticed: Noticed): Promise<void> {
    const { database, queues } = this.#context;
    const ref = { job: job.id, attempt: job.attempt };
    // it had finished before its runner went
    if (await queues.holdsOutcome(ref)) return;
    const sighting = this.#sightings.of(runner);
    const member = sighting?.member;
    const by = member && { id: member.id, name: member.name, host: member.host };
    const before = await countLosses(database, job.id);
    const loss = { ...noticed, alone: this.#losses.isAlone(sighting, noticed, this.#connectedAt, before.runners) };
    if (this.#losses.verdict(before, loss) === 'poison') {
      if (this.#losses.isCertain(runner, loss.lostAt))
        await this.#condemn(job, before.all + 1, { ...loss, runner: by });
      return;
    }
    const moved = await moveToNextAttempt(database, ref, {
      reason: 'runner_lost',
      message: loss.how,
      at: loss.noticedAt,
      loss,
      ...(by ? { runner: by } : {}),
    });
    this.#settle(ref);
    if (moved) await this.#sendNext(job, loss.how);
  }

  /** The answer that would have given the message to its runner was lost; that lives, and neither it nor the job is to blame. */
  async #takeBackForgotten(job: OpenJob, { id, name, host }: RunnerMember): Promise<void> {
    const { database, queues } = this.#context;
    const ref = { job: job.id, attempt: job.attempt };
    if (await queues.holdsOutcome(ref)) return;
    const message = `runner ${name} did not hear that it was given the job`;
    const lost = { reason: 'handed_back', message, at: serverNow(), runner: { id, name, host } } as const;
    const moved = await moveToNextAttempt(database, ref, lost);
    this.#settle(ref);
    if (moved) await this.#sendNext(job, message, 'handed_back');
  }

  /** What follows from the take-back of the job's attempt. */
  async #sendNext(job: OpenJob, why: string, reason: 'runner_lost' | 'handed_back' = 'runner_lost'): Promise<void> {
    const { access, queues, logger } = this.#context;
    const ref = { job: job.id, attempt: job.attempt };
    const about = { repo: job.repo.name, build: job.build, ...ref, runner: job.runner?.id };
    logger.warn(`took back the attempt: ${why}`, about);
    count(access, 'attempts_lost', [reason]);
    const queue = (await queuesOf(access, queues, [ref])).get(attemptName(ref));
    if (queue !== undefined) await retireAttempt(access, queues, queue, ref);
    await routeBuild(this.#context, job.build);
    await announceChange(access, { build: job.build, repo: job.repo.name, status: 'running' });
  }

  /** Something is done about the loss. */
  #settle(ref: AttemptRef): void {
    this.#open.delete(attemptName(ref));
  }

  /**
   * The job has taken too many runners with it. There is no next attempt that anybody could send, and this one keeps
   * its message, until the end is recorded; so this comes again at each look, and the message that says so is the same.
   */
  async #condemn(job: OpenJob, runners: number, loss: Parameters<typeof noteLoss>[2]): Promise<void> {
    const { queues, database } = this.#context;
    await noteLoss(database, { job: job.id, attempt: job.attempt }, loss);
    const message = `${runners} runners were lost while they ran it; it is given to no other`;
    const at = serverTime();
    const decided = { status: 'error', reason: 'poison', message, at } as const;
    await queues.sendResult({ v: 1, kind: 'decided', job: job.id, attempt: job.attempt, ...decided });
  }
}

/** A time of `performance.now()` as milliseconds since 1970. */
function clockTime(at: number): number {
  return Math.round(serverNow() - (performance.now() - at));
}
