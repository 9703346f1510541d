import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Evidence, Run } from './evidence.ts';
import { cutRunner, type Fleet, type StageKind } from './fleet.ts';
import type { Member } from './member.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';

/** A fault as it came about. Times in ms since 1970. */
export interface Fault {
  kind: FaultKind;
  /** names of what it hit */
  targets: string[];
  at: number;
  /** when what was away was there again, as far as the fault itself goes */
  back: number;
  /** nothing of the kind was left, so that nobody could do its work */
  outage: boolean;
  /** when what was hit was seen to work, where that is looked at at once */
  worksAt?: number;
  /** the runs that went on where it hit */
  runs: Run[];
}

/** Longest wait (ms) for a runner that has something to lose, and for the one that can be cut off. */
const busyPatience = { any: 2000, cut: 8000 };
/** A commit whose job has been begun so often is spared: a third lost runner makes a job poison, as it should. */
const spareAfter = 2;
/** Longest wait (ms) of what hits everybody for the end of the runs that are to be spared. */
const sparePatience = 15_000;

/** Makes faults happen to a fleet. */
export class Faults {
  readonly happened: Fault[] = [];
  readonly #fleet: Fleet;
  readonly #evidence: Evidence;
  /** names of runners that something holds: one that is cut off twice at a time would be back too soon */
  readonly #held = new Set<string>();

  constructor(fleet: Fleet, evidence: Evidence) {
    this.#fleet = fleet;
    this.#evidence = evidence;
  }

  /** Resolves when what was hit is started again, or goes on. */
  async inflict(planned: PlannedFault, signal: AbortSignal): Promise<void> {
    const hold = () => pause(planned.hold, undefined, { signal }).catch(() => undefined);
    switch (planned.kind) {
      case 'runner-kill':
      case 'runner-freeze':
      case 'runner-term':
      case 'runner-cut':
        return this.#hitRunner(planned, hold);
      case 'dispatcher-kill':
      case 'reporter-kill':
      case 'observer-kill':
      case 'web-kill':
        return this.#hitStage(planned, hold, signal);
      case 'redis-kill':
        return this.#killRedis(hold);
      case 'redis-wipe':
        return this.#wipeRedis();
      case 'all-kill':
        return this.#killAll(hold);
    }
  }

  async #hitRunner({ kind, pick, hard }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const runner = await this.#pickRunner(kind === 'runner-cut', pick);
    if (!runner) return;
    const fault = this.#begin(kind, [runner]);
    this.#held.add(runner.name);
    if (kind === 'runner-cut') {
      this.#fleet.network?.cut();
      await hold();
      this.#fleet.network?.mend();
    } else if (kind === 'runner-freeze') {
      runner.freeze();
      await hold();
      runner.thaw();
    } else {
      // the grace time of the fleet's runners is one second
      if (kind === 'runner-term') await runner.terminate(hard, 30_000);
      else await runner.kill();
      await hold();
      runner.start();
    }
    this.#held.delete(runner.name);
    fault.back = Date.now();
  }

  async #hitStage(planned: PlannedFault, hold: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { kind, pick, hard } = planned;
    const all = this.#fleet.stages(kind.slice(0, kind.indexOf('-')) as StageKind);
    const targets = hard ? all : all.slice(pick < 0.5 ? 0 : 1, pick < 0.5 ? 1 : 2);
    const fault = this.#begin(kind, targets);
    await Promise.all(targets.map((member) => member.kill()));
    fault.outage = all.every((member) => !member.running);
    await hold();
    for (const member of targets) member.start();
    fault.back = Date.now();
    if (kind === 'web-kill' && (await this.#fleet.api.answers(signal))) fault.worksAt = Date.now();
  }

  async #killRedis(hold: () => Promise<unknown>): Promise<void> {
    if (this.#fleet.redisDown) return;
    const fault = this.#begin('redis-kill', []);
    fault.outage = true;
    this.#fleet.redisDown = true;
    await this.#fleet.redis.kill();
    await hold();
    await this.#fleet.redis.start();
    this.#fleet.redisDown = false;
    fault.back = Date.now();
  }

  async #wipeRedis(): Promise<void> {
    if (this.#fleet.redisDown) return;
    const redis = new Redis(this.#fleet.redis.url, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    try {
      const fault = this.#begin('redis-wipe', []);
      fault.outage = true;
      await redis.flushall();
      fault.back = Date.now();
    } finally {
      redis.disconnect();
    }
  }

  async #killAll(hold: () => Promise<unknown>): Promise<void> {
    const until = Date.now() + sparePatience;
    while (Date.now() < until && this.#evidence.live().some((run) => this.#isSpared(run))) await pause(50);
    if (this.#fleet.redisDown) return;
    this.#fleet.redisDown = true;
    const fault = this.#begin('all-kill', this.#fleet.members);
    fault.outage = true;
    await Promise.all([this.#fleet.redis.kill(), ...this.#fleet.members.map((member) => member.kill())]);
    await hold();
    await this.#fleet.redis.start();
    this.#fleet.redisDown = false;
    this.#fleet.startAll();
    fault.back = Date.now();
  }

  #begin(kind: FaultKind, targets: Member[]): Fault {
    const names = targets.map(({ name }) => name);
    const runs = this.#evidence.live().filter((run) => names.includes(run.runner));
    const fault: Fault = { kind, targets: names, at: Date.now(), back: Number.POSITIVE_INFINITY, outage: false, runs };
    this.happened.push(fault);
    return fault;
  }

  #isSpared(run: Run): boolean {
    return this.#evidence.runs(run.sha).length >= spareAfter;
  }

  /** A runner that is at work, where there is one: the picked one before others. */
  async #pickRunner(cut: boolean, pick: number): Promise<Member | undefined> {
    const until = Date.now() + (cut ? busyPatience.cut : busyPatience.any);
    for (;;) {
      const names = cut ? [cutRunner] : [...this.#fleet.runners.keys()].filter((name) => name !== cutRunner);
      const first = Math.floor(pick * names.length);
      const live = this.#evidence.live();
      const candidates = [...names.slice(first), ...names.slice(0, first)].filter((name) => {
        const runner = this.#fleet.runners.get(name);
        const spared = live.some((run) => run.runner === name && this.#isSpared(run));
        return runner?.running && !this.#held.has(name) && !spared;
      });
      const busy = candidates.find((name) => live.some((run) => run.runner === name));
      const chosen = busy ?? (Date.now() > until ? candidates[0] : undefined);
      if (chosen) return this.#fleet.runners.get(chosen);
      if (Date.now() > until) return undefined;
      await pause(50);
    }
  }
}
