import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '../../src/kernel/model.ts';
import type { Evidence } from './evidence.ts';
import { type Begin, type FaultContext, isSpared } from './fault.ts';
import { cutRunner, type Fleet, smallRunner, tunnelRunner } from './fleet.ts';
import type { Member } from './member.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';
import type { Workload } from './workload.ts';

/** Longest wait (ms) for a busy runner, and for a busy runner that is the only possible target. */
const busyPatience = { any: 2000, one: 8000 };
/** How long (ms) a job that kills runners lives on each, and how long the runner is away then. */
const poisonous = { after: 300, away: 500 };
/**
 * Longest time (ms) until such a job ends as poison: after ten lost attempts. Those shortly after a fault of Redis or of the
 * dispatcher do not count, and while there are other faults that is most of them.
 */
const condemnation = 900_000;

/** Runners that exist for one kind of fault. */
const only: Partial<Record<FaultKind, string>> = {
  'runner-cut': cutRunner,
  'runner-tunnel': tunnelRunner,
  'runner-full': smallRunner,
};

/** Faults of one runner, and so of its job. */
export class RunnerFaults {
  readonly #fleet: Fleet;
  readonly #evidence: Evidence;
  readonly #workload: Workload;
  readonly #begin: Begin;
  readonly #held: Set<string>;

  constructor({ fleet, evidence, workload, begin, held }: FaultContext) {
    this.#fleet = fleet;
    this.#evidence = evidence;
    this.#workload = workload;
    this.#begin = begin;
    this.#held = held;
  }

  async hit({ kind, pick, hard }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const runner = await this.#pickRunner(only[kind], pick);
    if (!runner) return;
    const fault = this.#begin(kind, [runner]);
    this.#held.add(runner.name);
    if (kind === 'runner-cut') {
      this.#fleet.network?.cut();
      await hold();
      this.#fleet.network?.mend();
    } else if (kind === 'runner-tunnel') {
      await this.#fleet.tunnel?.cut();
      await hold();
      await this.#fleet.tunnel?.mend();
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

  /** A commit whose job kills every runner that runs it, until it ends as poison. */
  async poison({ pick }: PlannedFault, signal: AbortSignal): Promise<void> {
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

  /**
   * A busy runner, if there is one; the chosen one is preferred.
   * @param wanted the only possible target
   */
  async #pickRunner(wanted: string | undefined, pick: number): Promise<Member | undefined> {
    const until = Date.now() + (wanted ? busyPatience.one : busyPatience.any);
    for (;;) {
      const far = this.#fleet.farRunners;
      const near = [...this.#fleet.runners.values()].filter((runner) => !far.includes(runner));
      const names = wanted ? [wanted] : near.map(({ name }) => name);
      const first = Math.floor(pick * names.length);
      const live = this.#evidence.live();
      const candidates = [...names.slice(first), ...names.slice(0, first)].filter((name) => {
        const runner = this.#fleet.runners.get(name);
        const spared = live.some((run) => run.runner === name && isSpared(run, this.#evidence));
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
