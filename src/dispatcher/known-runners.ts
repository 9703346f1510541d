import { FadingMap } from '../kernel/fading-map.ts';
import type { RunnerId } from '../kernel/model.ts';
import { heartbeatInterval, heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { isSeenGone, ownProcess } from '../redis/process-identity.ts';

/** What is remembered of a runner. Times are of `performance.now()`. */
export interface KnownRunner {
  member: RunnerMember;
  /** when its latest heartbeat was first seen */
  seenAt: number;
  /** its last sign of life: that heartbeat, or its process if this machine runs it */
  aliveAt: number;
}

/**
 * The runners that the dispatcher has seen. A runner is alive while it is in the registry. Then it has left (it removed
 * itself, or Redis was emptied) and is forgotten, or it is lost and is remembered for a while.
 */
export class KnownRunners {
  readonly #alive = new Map<RunnerId, KnownRunner>();
  readonly #lost = new FadingMap<RunnerId, KnownRunner>(60 * heartbeatTtl, 10_000);
  /** runners that were alive not long ago */
  readonly #recent = new FadingMap<RunnerId, RunnerId>(2 * heartbeatTtl, 10_000);
  #watchingSince: number | undefined;
  #polledAt = 0;

  /** Redis was away: which runners were there not long ago is unknown again. */
  restart(): void {
    this.#watchingSince = undefined;
  }

  /**
   * Notes what one poll has found.
   * @param alive in the registry, and not seen to be gone
   * @param lost in the registry, and gone
   */
  note(alive: readonly RunnerMember[], lost: readonly RunnerId[], now: number): void {
    this.#watchingSince ??= now;
    this.#polledAt = now;
    for (const member of alive) {
      const known = this.#alive.get(member.id);
      const seenAt = known?.member.heartbeatAt === member.heartbeatAt ? known.seenAt : now;
      const aliveAt = isLocal(member) && !isSeenGone(member) ? now : seenAt;
      this.#alive.set(member.id, { member, seenAt, aliveAt });
      this.#recent.set(member.id, member.id);
    }
    for (const id of lost) {
      const known = this.#alive.get(id);
      if (known) this.#lost.set(id, known);
      this.#alive.delete(id);
    }
    const ids = new Set(alive.map(({ id }) => id));
    for (const id of this.#alive.keys()) if (!ids.has(id)) this.#alive.delete(id);
  }

  /**
   * Checks the processes of the runners on this machine, without asking Redis.
   * @returns whether one of them is gone
   */
  anyGone(now: number): boolean {
    let gone = false;
    for (const known of this.#alive.values()) {
      if (!isLocal(known.member)) continue;
      if (isSeenGone(known.member)) gone = true;
      else known.aliveAt = now;
    }
    return gone;
  }

  /** A runner that is alive or was lost. */
  find(id: RunnerId | undefined): KnownRunner | undefined {
    return this.findAlive(id) ?? (id === undefined ? undefined : this.#lost.get(id));
  }

  findAlive(id: RunnerId | undefined): KnownRunner | undefined {
    return id === undefined ? undefined : this.#alive.get(id);
  }

  /** All runners that were there not long ago; undefined while the dispatcher has not watched for one TTL. */
  recent(): RunnerId[] | undefined {
    const now = performance.now();
    const since = this.#watchingSince;
    const isWatching =
      since !== undefined && now - since >= heartbeatTtl && now - this.#polledAt < 2 * heartbeatInterval;
    return isWatching ? this.#recent.values() : undefined;
  }
}

/** Whether this process can see the runner's process. */
function isLocal({ machine }: RunnerMember): boolean {
  return machine === ownProcess().machine;
}
