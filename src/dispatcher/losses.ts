import { FadingMap } from '../kernel/fading-map.ts';
import type { RunnerId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { heartbeatInterval, heartbeatTtl } from '../redis/heartbeat-times.ts';
import type { Sighting, Sightings } from './sightings.ts';

/** After a job's runner was lost alone this many times, the job is not given to another. */
const aloneLimit = 3;
/** After this many lost runners of whatever cause it is not, either: a job may take whole machines down. */
const anyLimit = 10;
/** When a runner was lost, in milliseconds since 1970. */
interface Span {
  /** its last sign of life */
  lostAt: number;
  noticedAt: number;
}

/** A runner that is gone while it had a job. */
export interface Loss extends Span {
  /** in words, as the beginning of a sentence */
  how: 'runner vanished' | 'runner fell silent';
  /** whether nothing else is known to have gone with it */
  alone: boolean;
}

/**
 * Which losses speak against the job that ran there.
 *
 * A job that takes its runner down with it (it eats the memory, or kills what it can see) would take down one runner
 * after the other; after `aloneLimit` it is poison. But most of what ends a runner has nothing to do with its job, and a
 * job that runs for hours meets some of it. So a loss counts only if it happened under the eyes of a dispatcher that
 * lived through it and kept its connection to Redis, and no other runner can have been lost in the same moment. A power
 * cut, a kill of everything, a network that breaks, a Redis that goes: each takes the watch or several runners at once,
 * and counts for no job. The moment of a loss lies between the last sign of life and the notice; two of them may be one
 * where these spans overlap. Runners that had the same job were lost one after the other, whatever the spans say: the
 * next attempt begins when the loss of the one before is noticed.
 *
 * Whether others went at the same time may show only later: one that is silent is noticed after one TTL. So the loss
 * that would condemn a job is decided when every other runner has given a sign of life from after it, or is lost, too.
 */
export class Losses {
  readonly #sightings: Sightings;
  readonly #spans = new FadingMap<RunnerId, Span & { runner: RunnerId }>(12 * heartbeatTtl, 10_000);

  constructor(sightings: Sightings) {
    this.#sightings = sightings;
  }

  /**
   * A runner is lost.
   * @returns whether that is new
   */
  note(runner: RunnerId, span: Span): boolean {
    if (this.#spans.get(runner)) return false;
    this.#spans.set(runner, { runner, ...span });
    return true;
  }

  /**
   * @param connectedAt since when our own connection to Redis lasts, by `performance.now()`
   * @param former runners that were lost with earlier attempts of the same job
   */
  isAlone(sighting: Sighting | undefined, span: Span, connectedAt: number, former: readonly string[]): boolean {
    if (!sighting?.watched || sighting.seenAt < connectedAt) return false;
    const others = this.#spans.values().filter(({ runner }) => runner !== sighting.member.id);
    return others.every((other) => former.includes(other.runner) || !overlap(other, span));
  }

  /** Whether every other runner has shown since that it outlived the loss. */
  isCertain(runner: RunnerId | undefined, lostAt: number): boolean {
    const since = performance.now() - (serverNow() - lostAt);
    return this.#sightings
      .allLiving()
      .every(({ member, aliveAt }) => member.id === runner || aliveAt > since + heartbeatInterval);
  }

  /**
   * What the losses so far come to.
   * @param before those of the job's earlier attempts
   */
  verdict(before: { all: number; alone: number }, loss: Loss): 'go on' | 'poison' {
    const alone = before.alone + (loss.alone ? 1 : 0);
    return alone >= aloneLimit || before.all + 1 >= anyLimit ? 'poison' : 'go on';
  }
}

function overlap(one: Span, other: Span): boolean {
  return one.lostAt <= other.noticedAt && other.lostAt <= one.noticedAt;
}
