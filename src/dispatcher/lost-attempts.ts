import { FadingMap } from '../kernel/fading-map.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import type { KnownRunners } from './known-runners.ts';

/** An attempt whose runner is gone. Times are milliseconds since 1970. */
export interface Loss {
  /** beginning of a sentence */
  how: 'runner vanished' | 'runner fell silent';
  /** the runner's last sign of life */
  lostAt: number;
  noticedAt: number;
  /** whether the loss counts towards `poison`, see take-back.ts */
  counts: boolean;
}

/**
 * Decides which attempts are lost: those that no living runner has claimed for one TTL. The TTL starts at the last heartbeat
 * of the runner that was seen, and never before the dispatcher's own connection to Redis: while Redis is away or refuses
 * heartbeats, those of runners are missing, too. If this process, on the runner's machine, sees that the runner and its
 * jobs' processes are gone, the attempt is lost at once.
 *
 * A runner that is alive and has sent no new heartbeat cannot have said what it runs, so its attempts are left to it. After a
 * loss of Redis's last writes another runner may begin the same attempt: what the former one claimed says nothing about it.
 */
export class LostAttempts {
  readonly #runners: KnownRunners;
  /** when an attempt was last claimed (`performance.now()`), and by whom, by attempt name */
  readonly #claims = new FadingMap<string, { at: number; runner: RunnerId | undefined }>(60 * heartbeatTtl, 100_000);
  /** noticed losses of attempts that are not taken back yet, by attempt name */
  readonly #open = new FadingMap<string, Loss>(12 * heartbeatTtl, 10_000);
  /** since when Redis takes our own heartbeats, by `performance.now()` */
  #connectedAt = performance.now();
  /** what the last poll has found */
  #now = performance.now();
  #vanished: readonly RunnerMember[] = [];
  #unreadable: ReadonlySet<RunnerId> = new Set();

  constructor(runners: KnownRunners) {
    this.#runners = runners;
  }

  /** Redis is there again, or has refused a heartbeat: silence counts from now on. */
  restart(): void {
    this.#connectedAt = performance.now();
  }

  /**
   * Notes what one poll has found.
   * @param alive runners, whose claims are renewed
   * @param vanished runners that are seen to be gone with all processes of their jobs
   * @param unreadable ids of living runners of another version: they may run anything
   */
  note(
    alive: readonly RunnerMember[],
    vanished: readonly RunnerMember[],
    unreadable: readonly RunnerId[],
    now: number,
  ): void {
    this.#now = now;
    this.#vanished = vanished;
    this.#unreadable = new Set(unreadable);
    for (const { id, running, reporting } of alive) {
      const seenAt = this.#runners.find(id)?.seenAt ?? now;
      for (const name of [...running, ...reporting]) this.#claims.set(name, { at: seenAt, runner: id });
    }
  }

  /** @returns undefined while the attempt is not lost */
  find(ref: AttemptRef, runner: RunnerId | undefined): Loss | undefined {
    const name = attemptName(ref);
    const now = this.#now;
    const claim = this.#claims.get(name);
    const isBegunAgain = runner !== undefined && claim?.runner !== undefined && claim.runner !== runner;
    if (isBegunAgain) this.#open.delete(name);
    const known = this.#open.get(name);
    if (known) return known;
    if (!claim || isBegunAgain) this.#claims.set(name, { at: now, runner });
    const lastHeard = Math.max(this.#claims.get(name)?.at ?? now, this.#connectedAt);
    const vanished = this.#vanished.find((member) => member.id === runner);
    if (runner !== undefined && this.#unreadable.has(runner)) {
      this.#claims.set(name, { at: now, runner });
      return undefined;
    }
    const heardUntil = this.#runners.findAlive(runner)?.seenAt ?? now;
    if (!vanished && heardUntil - lastHeard < heartbeatTtl) return undefined;
    const lastSign = vanished ? this.#lastSignOf(vanished) : lastHeard;
    const loss: Loss = {
      how: vanished ? 'runner vanished' : 'runner fell silent',
      lostAt: Math.round(serverNow() - (performance.now() - lastSign)),
      noticedAt: serverNow(),
      counts: lastSign - this.#connectedAt >= heartbeatTtl && !hasLowDisk(this.#runners.find(runner)?.member),
    };
    this.#open.set(name, loss);
    return loss;
  }

  /** The attempt is taken back. */
  settle(ref: AttemptRef): void {
    this.#open.delete(attemptName(ref));
  }

  /** By `performance.now()`. Of a runner that was lost before this process started, only the last heartbeat is known. */
  #lastSignOf({ id, heartbeatAt }: RunnerMember): number {
    return this.#runners.find(id)?.aliveAt ?? performance.now() - (serverNow() - Date.parse(heartbeatAt));
  }
}

function hasLowDisk(member: RunnerMember | undefined): boolean {
  return member?.vitals?.diskLow === true;
}
