import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type BuildSummary, isFinal } from '../../src/kernel/model.ts';
import { engineKind, hasEngine, startEngine } from '../support/engine.ts';
import { until } from '../support/until.ts';
import { BadForge } from './bad-forge.ts';
import { type Breach, check, clock } from './checks.ts';
import { Clocks } from './clocks.ts';
import { leftInEngine } from './container-checks.ts';
import { Evidence } from './evidence.ts';
import type { Fault } from './fault.ts';
import { Faults } from './faults.ts';
import { type ContainerEngine, Fleet } from './fleet.ts';
import { CutNetwork } from './network.ts';
import { OlderVolt } from './older-volt.ts';
import { type Recovery, recoveries } from './recovery.ts';
import { type FaultKind, needDisk, needEngine, needForge, needPower, needSentinels, schedule } from './schedule.ts';
import { StandInRegistry } from './stand-in-registry.ts';
import { Workload } from './workload.ts';

export interface ChaosOptions {
  kinds: readonly FaultKind[];
  /** the commit of the Volt that an upgrade starts from; by default the commit before this one */
  from?: string | undefined;
  seed: number;
  /** length of the fault phase */
  minutes: number;
  /** whether to keep the folder with logs, evidence and data */
  keep?: boolean;
  say?: (line: string) => void;
  /** ends the run early, but in order */
  signal?: AbortSignal;
}

export interface ChaosResult {
  folder: string;
  /** kinds of faults that this machine does not support */
  left: FaultKind[];
  commits: number;
  runs: number;
  faults: Fault[];
  breaches: Breach[];
  recoveries: Recovery[];
}

/** Longest time (ms) until everything has settled after the last fault. */
const settling = 120_000;

/** Runs a fleet under faults, and reports what they have broken. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-chaos-'));
  const evidence = new Evidence(join(folder, 'evidence'));
  const any = (some: readonly FaultKind[]) => options.kinds.some((kind) => some.includes(kind));
  const containers = any(needEngine) && engineKind === 'podman' && hasEngine();
  const workload = new Workload(evidence.folder, options.seed, containers);
  const network = options.kinds.includes('runner-cut') ? CutNetwork.open() : undefined;
  let fleet: Fleet | undefined;
  let engine: ContainerEngine | undefined;
  let forge: BadForge | undefined;
  try {
    const repositories = await workload.sources(network?.address ?? '127.0.0.1');
    if (containers) engine = await startContainerEngine(folder);
    const [sentinels, disks, power] = [any(needSentinels), any(needDisk), any(needPower)];
    const tunnel = any(['runner-tunnel']);
    const clocks = any(['clock-jump']) ? new Clocks(join(folder, 'clocks')) : undefined;
    const older = any(['rolling-upgrade'])
      ? OlderVolt.build(join(folder, 'older'), options.from ?? 'HEAD~1')
      : undefined;
    const names = repositories.map((repository) => repository.split('=')[0] ?? '');
    if (any(needForge) && older?.has('notifier') !== false) forge = await BadForge.start(names);
    const parts = { network, clocks, tunnel, engine, older, sentinels, disks, power, forge };
    fleet = await Fleet.start({ folder, repositories, ...parts });
    return await run(options, folder, fleet, evidence, workload);
  } finally {
    await fleet?.close();
    await forge?.close();
    engine?.registry.close();
    await engine?.test.stop();
    network?.close();
    await workload.remove();
    if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function startContainerEngine(folder: string): Promise<ContainerEngine> {
  const registry = await StandInRegistry.start(join(folder, 'registry'));
  return { registry, test: await startEngine({ plain: [registry.host] }) };
}

async function run(
  { kinds, seed, minutes, say = () => {}, signal = new AbortController().signal }: ChaosOptions,
  folder: string,
  fleet: Fleet,
  evidence: Evidence,
  workload: Workload,
): Promise<ChaosResult> {
  const possible = kinds.filter(
    (kind) =>
      (kind !== 'runner-cut' || fleet.network) &&
      (!needDisk.includes(kind) || fleet.disks) &&
      (!needEngine.includes(kind) || fleet.engine) &&
      (!needForge.includes(kind) || fleet.forge),
  );
  fleet.startAll();
  await fleet.whole();
  await fleet.introduceForge();
  say(`a fleet of ${fleet.members.length} processes works in ${folder}`);

  const faults = new Faults(fleet, evidence, workload, say);
  const stop = new AbortController();
  const pushing = workload.run(AbortSignal.any([signal, stop.signal]));
  const startedAt = Date.now();
  const holding: Promise<void>[] = [];
  for (const planned of schedule(possible, seed, minutes * 60_000)) {
    await pause(Math.max(startedAt + planned.at - Date.now(), 0), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    say(`${clock(Date.now())} ${planned.kind}, ${(planned.hold / 1000).toFixed(1)} s${planned.hard ? ', hard' : ''}`);
    holding.push(faults.inflict(planned, signal));
  }
  await pause(Math.max(startedAt + minutes * 60_000 - Date.now(), 0), undefined, { signal }).catch(() => undefined);
  stop.abort();
  await Promise.all([pushing, ...holding]);
  signal.throwIfAborted();
  say(`${clock(Date.now())} no more faults; ${workload.pushed.length} commits were pushed`);

  fleet.startAll();
  const builds = await settled(fleet, workload);
  const breaches = await check({ fleet, evidence, pushed: workload.pushed, faults: faults.happened, builds });
  breaches.push(...((await fleet.forge?.wrong(builds)) ?? []));
  for (const stray of await strays(fleet)) breaches.push({ invariant: 'orphan', what: stray });
  const left = fleet.engine ? await leftInEngine(fleet.engine.test) : [];
  for (const what of left) breaches.push({ invariant: 'left', what });
  return {
    folder,
    left: kinds.filter((kind) => !possible.includes(kind)),
    commits: workload.pushed.length,
    runs: [...evidence.all().values()].flat().length,
    faults: faults.happened,
    breaches,
    recoveries: recoveries(faults.happened, builds, evidence, [...fleet.runners.keys()]),
  };
}

/** All builds, once each pushed commit has a final one and their files are written, or when time is up. */
async function settled(fleet: Fleet, { pushed }: Workload): Promise<BuildSummary[]> {
  let builds: BuildSummary[] = [];
  const done = async () => {
    builds = await fleet.api.builds().catch(() => builds);
    const final = new Set(builds.flatMap(({ sha, status }) => (isFinal(status) ? [sha] : [])));
    await pause(200);
    return pushed.every(({ sha }) => final.has(sha));
  };
  // the checks report what has not settled by then, with the commit's name
  await until('everything is settled', done, settling).catch(() => undefined);
  // the next sweep writes the files of a build whose reporter has died; by then a surplus build would show, too
  await pause(8000);
  return fleet.api.builds();
}

/** What is there in each of several samples: git and other short processes come and go. */
async function strays(fleet: Fleet): Promise<string[]> {
  let staying = fleet.strays();
  for (let look = 0; look < 4 && staying.length > 0; look++) {
    await pause(500);
    const now = new Set(fleet.strays());
    staying = staying.filter((stray) => now.has(stray));
  }
  return staying;
}
