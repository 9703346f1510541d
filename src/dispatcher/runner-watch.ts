import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import { heldAttempts } from '../queues/attempts.ts';
import { runningAttempts } from '../record/open-jobs.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import { forgetGone, leave, listRunners, type RunnerMember } from '../redis/membership.ts';
import { isSeenGone } from '../redis/process-identity.ts';
import type { WatchContext } from './context.ts';
import { KnownRunners } from './known-runners.ts';
import { LostAttempts } from './lost-attempts.ts';
import { admitRunners, pursueDrains } from './runner-rules.ts';
import { SupersededAttempts } from './superseded.ts';
import { TakeBack } from './take-back.ts';

/** Milliseconds between checks of the runners' processes while anything runs: a death is noticed within half a second. */
const busyInterval = 200;
/** Milliseconds between polls of the registry while nothing runs. */
const idleInterval = 1000;
/** A poll may come this much (ms) earlier than the interval says. */
const jitter = 50;
/** While anything runs, the next poll waits this many times as long as the last one took: thousands of runners take long. */
const rest = 4;

/**
 * Watches the runners: it polls the registry, the database and the queues, and takes back the attempts of runners that are
 * gone (take-back.ts, by the rules of lost-attempts.ts).
 */
export class RunnerWatch {
  readonly #context: WatchContext;
  readonly #runners = new KnownRunners();
  readonly #lost = new LostAttempts(this.#runners);
  readonly #takeBack: TakeBack;
  readonly #superseded: SupersededAttempts;
  /** keys of runners that were looked up in the data directory */
  readonly #checkedKeys = new FadingMap<string, true>(60 * heartbeatTtl, 10_000);
  #unreadable: readonly RunnerId[] = [];
  #polledAt = Number.NEGATIVE_INFINITY;
  /** how long (ms) the last poll took */
  #pollTook = 0;
  /** whether anything runs that could be lost */
  #isBusy = false;

  constructor(context: WatchContext) {
    this.#context = context;
    this.#takeBack = new TakeBack(context, this.#runners, this.#lost);
    this.#superseded = new SupersededAttempts(context);
    context.access.client.on('ready', () => this.restart());
  }

  /** Redis is there again, or has refused a heartbeat: silence counts from now on. */
  restart(): void {
    this.#lost.restart();
    this.#runners.restart();
  }

  /** All runners that were there not long ago; undefined if unknown. */
  recentRunners(): RunnerId[] | undefined {
    return this.#runners.recent();
  }

  /** Milliseconds until the next `pollIfDue`. */
  get interval(): number {
    return this.#isBusy ? busyInterval : idleInterval;
  }

  /**
   * A build has changed, so jobs may run soon.
   * @returns whether the interval has changed
   */
  expectWork(): boolean {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    this.#polledAt = performance.now();
    return true;
  }

  /** Polls if a poll is due, or if a runner of this machine is gone. */
  async pollIfDue(): Promise<void> {
    const now = performance.now();
    const due = Math.min(this.#isBusy ? rest * this.#pollTook : idleInterval, idleInterval) - jitter;
    if (now - this.#polledAt < due && !this.#runners.anyGone(now)) return;
    await this.poll();
    this.#pollTook = performance.now() - now;
  }

  async poll(): Promise<void> {
    const { access, database, queues, problems } = this.#context;
    const now = performance.now();
    this.#polledAt = now;
    const { alive: registered, gone, unreadable } = await listRunners(access);
    this.#reportUnreadable(unreadable as RunnerId[]);
    const vanished = registered.filter((member) => isSeenGone(member) && member.scopes.every(isSeenGone));
    const alive = registered.filter((member) => !vanished.includes(member));
    this.#runners.note(alive, [...vanished.map(({ id }) => id), ...(gone as RunnerId[])], now);
    this.#lost.note(alive, vanished, unreadable as RunnerId[], now);
    await problems.alone('letting new runners join', () => this.#admitNew(alive));
    await problems.alone('telling runners whether they are drained', () => pursueDrains(this.#context, alive));

    const running = await runningAttempts(database);
    await problems.alone('telling runners which attempts no longer count', () => this.#superseded.stop(alive, running));
    const held = await heldAttempts(access, queues);
    this.#isBusy = running.length > 0 || held.length > 0;
    for (const attempt of running) await this.#takeBack.running(attempt);
    const started = new Set(running.map(attemptName));
    for (const attempt of held) if (!started.has(attemptName(attempt))) await this.#takeBack.unstarted(attempt);
    // last: if this process dies before, another dispatcher must still see these runners
    for (const member of vanished) await leave(access, 'runner', member.id);
    await forgetGone(access, 'runner', gone);
  }

  /** A runner that shares the data directory may have made its key just now. */
  async #admitNew(alive: RunnerMember[]): Promise<void> {
    const fresh = alive.flatMap(({ key }) => (key !== undefined && !this.#checkedKeys.get(key) ? [key] : []));
    if (fresh.length === 0) return;
    await admitRunners(this.#context);
    for (const key of fresh) this.#checkedKeys.set(key, true);
  }

  /** Such runners are alive and may run anything, so their attempts are left to them. */
  #reportUnreadable(ids: readonly RunnerId[]): void {
    const { problems } = this.#context;
    const what = (id: RunnerId) => `reading the heartbeat of runner ${id}, which is of another version of Volt,`;
    for (const id of this.#unreadable) if (!ids.includes(id)) problems.clear(what(id));
    for (const id of ids) problems.note(what(id), new Error('its jobs are left to it'));
    this.#unreadable = ids;
  }
}
