import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { argumentsOf, watchersOf } from '../support/seen-processes.ts';
import type { ContainerPhase } from './container-commits.ts';
import { type FaultContext, isSpared } from './fault.ts';
import type { ContainerEngine } from './fleet.ts';
import type { Member } from './member.ts';
import { keeperOf } from './processes.ts';
import type { FaultKind } from './schedule.ts';

/** Longest time (ms) until a job is where the fault is to hit it; its runners may be away, and the engine, too. */
const reachPatience = 30_000;
/** Longest time (ms) until a runner has another keeper. */
const keeperPatience = 15_000;

/** A job that is where the fault is to hit it. */
interface Aimed {
  /** of its commit */
  sha: string;
  runner: Member;
}

/** Faults of the container engine, and of runners at a certain moment of a job in a container. */
export class ContainerFaults {
  readonly #context: FaultContext;
  readonly #engine: ContainerEngine;
  #isEngineHeld = false;

  constructor(context: FaultContext, engine: ContainerEngine) {
    this.#context = context;
    this.#engine = engine;
  }

  /** Kills a runner while its job is in a step. */
  async killRunnerIn(
    phase: ContainerPhase,
    kind: FaultKind,
    hold: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const aimed = await this.#aimAt(phase, signal);
    if (aimed) await this.#killRunner(kind, aimed, hold);
  }

  /** Kills a runner while its job pulls its image. */
  async killRunnerInPull(hold: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { registry } = this.#engine;
    const image = registry.publish();
    const aimed = await this.#aimAtPull(image, signal);
    const release = async () => {
      // the next attempt pulls it to the end
      registry.release(image);
      await hold();
    };
    if (aimed) await this.#killRunner('runner-kill-pull', aimed, release);
    registry.release(image);
  }

  async #killRunner(kind: FaultKind, aimed: Aimed, hold: () => Promise<unknown>): Promise<void> {
    const { runner } = aimed;
    const fault = this.#context.begin(kind, [runner]);
    fault.commit = aimed.sha;
    await this.#whileHeld(runner, async () => {
      await runner.kill();
      await hold();
      runner.start();
    });
    fault.back = Date.now();
  }

  /** Kills the process that would end the containers of a runner; the job goes on, and there is another one. */
  async killKeeper(signal: AbortSignal): Promise<void> {
    const aimed = await this.#aimAt('step', signal);
    const former = aimed && this.#keeperOf(aimed.runner);
    if (!aimed || former === undefined) return;
    const { runner } = aimed;
    const fault = this.#context.begin('keeper-kill', []);
    fault.back = fault.at;
    const isReplaced = () => ![undefined, former].includes(this.#keeperOf(runner));
    // who kills both at once leaves containers to the next start of the runner
    await this.#whileHeld(runner, async () => {
      kill(former);
      const until = Date.now() + keeperPatience;
      while (Date.now() < until && !isReplaced()) await pause(20);
    });
    if (isReplaced()) fault.worksAt = Date.now();
  }

  /** @param isHard whether the processes that watch containers die, too */
  async killEngine(isHard: boolean, hold: () => Promise<unknown>): Promise<void> {
    await this.#hitEngine('engine-kill', async () => {
      await this.#engine.test.kill();
      if (isHard) for (const pid of watchersOf(dirname(this.#engine.test.socket))) kill(pid);
      await hold();
      await this.#engine.test.start();
    });
  }

  async freezeEngine(hold: () => Promise<unknown>): Promise<void> {
    await this.#hitEngine('engine-freeze', async () => {
      this.#engine.test.freeze();
      await hold();
      this.#engine.test.thaw();
    });
  }

  /** Kills the processes by which podman watches the containers of a job. */
  async killWatchers(signal: AbortSignal): Promise<void> {
    const aimed = await this.#aimAt('step', signal);
    const build = aimed && (await this.#context.fleet.api.newest(aimed.sha).catch(() => undefined));
    if (!build || this.#isEngineHeld) return;
    const filter = ['--filter', `label=volt.build=${build.id}`];
    const ids = (await this.#engine.test.podman('ps', '--quiet', '--no-trunc', ...filter)).split('\n').filter(Boolean);
    const all = watchersOf(dirname(this.#engine.test.socket));
    const watchers = all.filter((pid) => argumentsOf(pid).some((argument) => ids.includes(argument)));
    if (watchers.length === 0) return;
    const fault = this.#context.begin('conmon-kill', []);
    for (const pid of watchers) kill(pid);
    fault.back = Date.now();
  }

  async #hitEngine(kind: 'engine-kill' | 'engine-freeze', work: () => Promise<void>): Promise<void> {
    if (this.#isEngineHeld) return;
    this.#isEngineHeld = true;
    const fault = this.#context.begin(kind, []);
    fault.outage = true;
    await work();
    fault.back = Date.now();
    this.#isEngineHeld = false;
  }

  #keeperOf(runner: Member): number | undefined {
    return keeperOf(runner.pid, this.#engine.test.socket);
  }

  async #whileHeld(runner: Member, work: () => Promise<void>): Promise<void> {
    const { held } = this.#context;
    held.add(runner.name);
    await work();
    held.delete(runner.name);
  }

  /** Waits until some job in a container is in such a step. */
  async #aimAt(phase: ContainerPhase, signal: AbortSignal): Promise<Aimed | undefined> {
    const { fleet, held, evidence } = this.#context;
    const until = Date.now() + reachPatience;
    while (Date.now() < until && !signal.aborted) {
      const live = evidence.live().filter((run) => run.phase === phase && !isSpared(run, evidence));
      for (const { sha, runner: name } of live) {
        const runner = fleet.runners.get(name);
        if (runner?.running && !held.has(name)) return { sha, runner };
      }
      await pause(30);
    }
    return undefined;
  }

  /** Waits until the job of a new commit pulls its image, which goes on until that is released. */
  async #aimAtPull(image: string, signal: AbortSignal): Promise<Aimed | undefined> {
    const { fleet, held, workload } = this.#context;
    const { sha } = workload.pushContainer(image);
    const until = Date.now() + reachPatience;
    while (!this.#engine.registry.isPulled(image)) {
      if (Date.now() > until || signal.aborted) return undefined;
      await pause(30);
    }
    const build = await fleet.api.newest(sha).catch(() => undefined);
    const jobs = build && (await fleet.api.build(build.id).catch(() => undefined))?.jobs;
    const runner = fleet.runners.get(jobs?.[0]?.runner ?? '');
    return runner?.running && !held.has(runner.name) ? { sha, runner } : undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
