import { setTimeout as pause } from 'node:timers/promises';
import { Sentinels } from '../support/sentinels.ts';
import { keepBusy } from './busy-machine.ts';
import { ContainerFaults } from './container-faults.ts';
import type { Evidence } from './evidence.ts';
import { type Fault, isSpared } from './fault.ts';
import { type Fleet, type StageKind, stageKinds } from './fleet.ts';
import type { Member } from './member.ts';
import { RunnerFaults } from './runner-faults.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';
import { ServerFaults } from './server-faults.ts';
import type { Workload } from './workload.ts';

/** Longest time (ms) that a fault for everybody waits until runs that must be spared have ended. */
const sparePatience = 15_000;
/** Approximate bytes of a fetch of one commit. */
const longestTransfer = 3000;

/** Causes faults in a fleet. */
export class Faults {
  readonly happened: Fault[] = [];
  readonly #fleet: Fleet;
  readonly #evidence: Evidence;
  readonly #workload: Workload;
  readonly #say: (line: string) => void;
  readonly #runners: RunnerFaults;
  readonly #servers: ServerFaults;
  readonly #containers: ContainerFaults | undefined;

  constructor(fleet: Fleet, evidence: Evidence, workload: Workload, say: (line: string) => void) {
    this.#fleet = fleet;
    this.#evidence = evidence;
    this.#workload = workload;
    this.#say = say;
    const begin = (kind: FaultKind, targets: Member[]) => this.#begin(kind, targets);
    const context = { fleet, evidence, workload, begin, held: new Set<string>() };
    this.#runners = new RunnerFaults(context);
    this.#containers = fleet.engine && new ContainerFaults(context, fleet.engine);
    this.#servers = new ServerFaults(fleet, begin);
  }

  /** Resolves when the target is started again or continues. */
  async inflict(planned: PlannedFault, signal: AbortSignal): Promise<void> {
    const hold = () => pause(planned.hold, undefined, { signal }).catch(() => undefined);
    switch (planned.kind) {
      case 'runner-kill':
      case 'runner-freeze':
      case 'runner-term':
      case 'runner-cut':
      case 'runner-tunnel':
      case 'runner-full':
        return this.#runners.hit(planned, hold);
      case 'poison-job':
        return this.#runners.poison(planned, signal);
      case 'dispatcher-kill':
      case 'reporter-kill':
      case 'observer-kill':
      case 'web-kill':
      case 'notifier-kill':
        return this.#hitStage(planned, hold, signal);
      case 'redis-kill':
        return this.#servers.killRedis(hold);
      case 'redis-wipe':
        return this.#servers.wipeRedis();
      case 'redis-full':
        return this.#servers.refuseWrites('memory', hold);
      case 'redis-misconf':
        return this.#servers.refuseWrites('files', hold);
      case 'power-cut':
        return this.#servers.cutPower(planned.hard, hold);
      case 'transfer-cut':
        return this.#cutTransfers(planned, hold);
      case 'redis-failover':
        return this.#servers.failOver(hold);
      case 'record-lock':
        return this.#servers.lockRecord(hold);
      case 'record-full':
        return this.#servers.fillRecord(hold);
      case 'all-kill':
        return this.#killAll(hold);
      case 'rolling-upgrade':
        return this.#upgrade(planned, hold);
      case 'clock-jump':
        return this.#shiftClock(planned, hold);
      case 'machine-busy':
        return this.#keepBusy(hold);
      case 'forge-bad':
        return this.#spoilForge(planned, hold);
      case 'runner-kill-pull':
        return this.#containers?.killRunnerInPull(hold, signal);
      case 'runner-kill-step':
        return this.#containers?.killRunnerIn('step', planned.kind, hold, signal);
      case 'runner-kill-post':
        return this.#containers?.killRunnerIn('post', planned.kind, hold, signal);
      case 'keeper-kill':
        return this.#containers?.killKeeper(signal);
      case 'engine-kill':
        return this.#containers?.killEngine(planned.hard, hold);
      case 'engine-freeze':
        return this.#containers?.freezeEngine(hold);
      case 'conmon-kill':
        return this.#containers?.killWatchers(signal);
    }
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

  async #killAll(hold: () => Promise<unknown>): Promise<void> {
    const until = Date.now() + sparePatience;
    while (Date.now() < until && this.#evidence.live().some((run) => isSpared(run, this.#evidence))) await pause(50);
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

  /** Stops all processes one after the other and starts each in this version; once in a run. */
  async #upgrade({ pick }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    if (this.#fleet.upgrade()) return;
    const { members } = this.#fleet;
    const fault = this.#begin('rolling-upgrade', members);
    const first = Math.floor(pick * members.length);
    for (const member of [...members.slice(first), ...members.slice(0, first)]) {
      await member.terminate(false, 30_000);
      member.start();
      await hold();
    }
    fault.back = Date.now();
  }

  /** Sets the clock of a runner or a stage wrong. No decision depends on clocks, so no job may run again. */
  async #shiftClock({ pick, hard }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const { clocks, runners } = this.#fleet;
    const stages = stageKinds.flatMap((kind) => this.#fleet.stages(kind));
    const some = hard ? stages : [...this.#fleet.stages('dispatcher'), ...runners.values()];
    const { name } = some[Math.floor(pick * some.length)] as Member;
    const fault = this.#begin('clock-jump', []);
    // the remaining digits, after those that chose the member
    const shift = clocks?.shift(name, (pick * some.length) % 1);
    this.#say(`  the clock of ${name} is ${shift} ms ahead`);
    await hold();
    clocks?.right(name);
    fault.back = Date.now();
  }

  /** Breaks off each transfer from the repository that has an address, some before any byte has arrived. */
  async #cutTransfers({ pick }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const fault = this.#begin('transfer-cut', []);
    await this.#workload.breakTransfers(Math.floor(pick * longestTransfer));
    await hold();
    await this.#workload.breakTransfers(undefined);
    fault.back = Date.now();
  }

  /** A forge that fails, refuses, hangs or loses must neither hold up builds nor miss a verdict. */
  async #spoilForge({ pick, hard }: PlannedFault, hold: () => Promise<unknown>): Promise<void> {
    const fault = this.#begin('forge-bad', []);
    this.#fleet.forge?.spoil(pick, hard);
    await hold();
    this.#fleet.forge?.mend();
    fault.back = Date.now();
  }

  /** Members that get little processor time must keep their jobs. */
  async #keepBusy(hold: () => Promise<unknown>): Promise<void> {
    const fault = this.#begin('machine-busy', []);
    await keepBusy(hold);
    fault.back = Date.now();
  }

  #begin(kind: FaultKind, targets: Member[]): Fault {
    const names = targets.map(({ name }) => name);
    const runs = this.#evidence.live().filter((run) => names.includes(run.runner));
    const fault: Fault = { kind, targets: names, at: Date.now(), back: Number.POSITIVE_INFINITY, outage: false, runs };
    this.happened.push(fault);
    return fault;
  }
}
