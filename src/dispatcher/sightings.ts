import { FadingMap } from '../kernel/fading-map.ts';
import type { RunnerId } from '../kernel/model.ts';
import { heartbeatInterval, heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { isSeenGone, ownProcess } from '../redis/process.ts';

/** What is remembered of a runner. Times are of `performance.now()`. */
export interface Sighting {
  member: RunnerMember;
  /** when its latest heartbeat was first seen */
  seenAt: number;
  /** its last sign of life: that heartbeat, or its process where this one can see it */
  aliveAt: number;
  /** whether it was seen to live, and not only found in what an earlier time has left in Redis */
  watched: boolean;
}

/**
 * The runners that a watch has seen. A runner is `living` while it is in the registry; then either `left` (it has taken
 * itself out, or Redis was emptied), and is forgotten, or `lost`, and is remembered for a while, so that its loss can be
 * told.
 */
export class Sightings {
  readonly #living = new Map<RunnerId, Sighting>();
  readonly #lost = new FadingMap<RunnerId, Sighting>(60 * heartbeatTtl, 10_000);
  /** those that were living not long ago, whatever has become of them since */
  readonly #recent = new FadingMap<RunnerId, RunnerId>(2 * heartbeatTtl, 10_000);
  #watchingSince: number | undefined;
  #lookedAt = 0;

  /** What is in Redis now may be left from before: a runner in it is not seen to live until it does something new. */
  begin(): void {
    this.#watchingSince = undefined;
  }

  /**
   * One look.
   * @param living in the registry, and not seen to be gone
   * @param lost in the registry, and gone
   */
  note(living: readonly RunnerMember[], lost: readonly RunnerId[], now: number): void {
    const first = this.#watchingSince === undefined;
    this.#watchingSince ??= now;
    this.#lookedAt = now;
    for (const member of living) {
      const known = this.#living.get(member.id);
      const beat = known?.member.heartbeatAt !== member.heartbeatAt;
      const visible = isVisible(member) && !isSeenGone(member);
      const seenAt = known && !beat ? known.seenAt : now;
      this.#living.set(member.id, {
        member,
        seenAt,
        aliveAt: visible ? now : seenAt,
        watched: visible || (known ? known.watched || beat : !first),
      });
      this.#recent.set(member.id, member.id);
    }
    for (const id of lost) {
      const known = this.#living.get(id);
      if (known) this.#lost.set(id, known);
      this.#living.delete(id);
    }
    const there = new Set(living.map(({ id }) => id));
    for (const id of this.#living.keys()) if (!there.has(id)) this.#living.delete(id);
  }

  /**
   * A glance at the processes of those that run on this machine, which asks nobody.
   * @returns whether one of them is gone
   */
  anyGone(now: number): boolean {
    let gone = false;
    for (const sighting of this.#living.values()) {
      if (!isVisible(sighting.member)) continue;
      if (isSeenGone(sighting.member)) gone = true;
      else sighting.aliveAt = now;
    }
    return gone;
  }

  of(id: RunnerId | undefined): Sighting | undefined {
    return this.living(id) ?? (id === undefined ? undefined : this.#lost.get(id));
  }

  living(id: RunnerId | undefined): Sighting | undefined {
    return id === undefined ? undefined : this.#living.get(id);
  }

  allLiving(): Sighting[] {
    return [...this.#living.values()];
  }

  /**
   * All runners that were there not long ago; undefined where the watch does not know: it has not lasted long enough,
   * or has paused.
   */
  recent(): RunnerId[] | undefined {
    const now = performance.now();
    const begun = this.#watchingSince;
    const watching = begun !== undefined && now - begun >= heartbeatTtl && now - this.#lookedAt < 2 * heartbeatInterval;
    return watching ? this.#recent.values() : undefined;
  }
}

/** Whether this process can see that one. */
function isVisible({ machine }: RunnerMember): boolean {
  return machine === ownProcess().machine;
}
