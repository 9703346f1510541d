import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '../../src/kernel/model.ts';
import { Sentinels } from '../support/sentinels.ts';
import type { Evidence, Run } from './evidence.ts';
import { cutRunner, type Fleet, type StageKind, smallRunner } from './fleet.ts';
import type { Member } from './member.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';
import { ServerFaults } from './server-faults.ts';
import type { Workload } from './workload.ts';

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

/** Longest wait (ms) for a runner that has something to lose, and for one that alone can be hit. */
const busyPatience = { any: 2000, one: 8000 };
/** How long (ms) a job that takes down its runners lives with each, and how long the runner is away then. */
const poisonous = { after: 300, away: 500 };
/** Longest time (ms) until such a job is condemned. */
const condemnation = 90_000;

/** A commit whose job has been begun so often is spared: a third lost runner makes a job poison, as it should. */
const spareAfter = 2;
/** Longest wait (ms) of what hits everybody for the end of the runs that are to be spared. */
const sparePatience = 15_000;

/** Makes faults happen to a fleet. */
export class Faults {
  readonly happened: Fault[] = [];
  readonly #fleet: Fleet;
  readonly #evidence: Evidence;
  readonly #workload: Workload;
  readonly #servers: ServerFaults;
  /** names of runners that something holds: one that is cut off twice at a time would be back too soon */
  readonly #held = new Set<string>();

  constructor(fleet: Fleet, evidence: Evidence, workload: Workload) {
    this.#fleet = fleet;
    this.#evidence = evidence;
    this.#workload = workload;
    this.#servers = new ServerFaults(fleet, (kind, targets) => this.#begin(kind, targets));
  }

  /** Resolves when what was hit is started again, or goes on. */
  async inflict(planned: PlannedFault, signal: AbortSignal): Promise<void> {
    const hold = () => pause(planned.hold, undefined, { signal }).catch(() => undefined);
    switch (planned.kind) {
      case 'runner-kill':
      case 'runner-freeze':
      case 'runner-term':
      case 'runner-cut':
      case 'runner-full':
        return this.#hitRunner(planned, hold);
      case 'dispatcher-kill':
      case 'reporter-kill':
      case 'observer-kill':
      case 'web-kill':
        return this.#hitStage(planned, hold, signal);
      case 'redis-kill':
        return this.#servers.killRedis(hold);
      case 'redis-wipe':
        return this.#servers.wipeRedis();
      case 'all-kill':
        return this.#killAll(hold);
      case 'record-lock':
        return this.#servers.lockRecord(hold);
      case 'record-full':
        return this.#servers.fillRecord(hold);
      case 'poison-job':
        return this.#poison(planned, signal);
      case 'redis-failover':
        return this.#servers.failOver(hold);
    }
  }

  async #hitRunner({ kind, pick, hard }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const only = { 'runner-cut': cutRunner, 'runner-full': smallRunner } as Partial<Record<FaultKind, string>>;
    const runner = await this.#pickRunner(only[kind], pick);
    if (!runner) return;
    const fault = this.#begin(kind, [runner]);
    this.#held.add(runner.name);
    if (kind === 'runner-cut') {
      this.#fleet.network?.cut();
      await hold();
      this.#fleet.network?.mend();
    } else if (kind === 'runner-full') {
      this.#fleet.disks?.runner.fill();
      await hold();
      this.#fleet.disks?.runner.free();
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

  /** A commit whose job takes down every runner that has it, until it is given to no other. */
  async #poison({ pick }: PlannedFault, signal: AbortSignal): Promise<void> {
    const { sha } = this.#workload.pushPoison(pick);
    const until = Date.now() + condemnation;
    let seen = 0;
    while (Date.now() < until && !signal.aborted) {
      await pause(50);
      const runs = this.#evidence.runs(sha);
      const runner = this.#fleet.runners.get(runs.at(-1)?.runner ?? '');
      if (runs.length > seen && runner?.running && !this.#held.has(runner.name)) {
        seen = runs.length;
        await pause(poisonous.after);
        await this.#takeDown(runner);
      }
      const build = await this.#fleet.api.newest(sha).catch(() => undefined);
      if (build && isFinal(build.status)) return;
    }
  }

  async #takeDown(runner: Member): Promise<void> {
    const fault = this.#begin('poison-job', [runner]);
    this.#held.add(runner.name);
    await runner.kill();
    await pause(poisonous.away);
    runner.start();
    this.#held.delete(runner.name);
    fault.back = Date.now();
  }

  async #killAll(hold: () => Promise<unknown>): Promise<void> {
    const until = Date.now() + sparePatience;
    while (Date.now() < until && this.#evidence.live().some((run) => this.#isSpared(run))) await pause(50);
    const { redis } = this.#fleet;
    if (this.#fleet.redisDown || redis instanceof Sentinels) return;
    this.#fleet.redisDown = true;
    const fault = this.#begin('all-kill', this.#fleet.members);
    fault.outage = true;
    await Promise.all([redis.kill(), ...this.#fleet.members.map((member) => member.kill())]);
    await hold();
    await redis.start();
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

  /**
   * A runner that is at work, where there is one: the picked one before others.
   * @param only the one that alone can be hit
   */
  async #pickRunner(only: string | undefined, pick: number): Promise<Member | undefined> {
    const until = Date.now() + (only ? busyPatience.one : busyPatience.any);
    for (;;) {
      const names = only ? [only] : [...this.#fleet.runners.keys()].filter((name) => name !== cutRunner);
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
