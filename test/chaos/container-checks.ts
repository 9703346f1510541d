import { setTimeout as pause } from 'node:timers/promises';
import type { Build } from '../../src/kernel/model.ts';
import { heartbeatTtl } from '../../src/redis/heartbeat-times.ts';
import type { TestEngine } from '../support/engine.ts';
import type { Evidence, Run } from './evidence.ts';
import type { Fault } from './fault.ts';
import { engineKinds, type FaultKind } from './schedule.ts';
import type { Pushed } from './workload.ts';

/** Faults by which a runner is gone at once. */
const kills: readonly FaultKind[] = [
  'runner-kill',
  'runner-kill-pull',
  'runner-kill-step',
  'runner-kill-post',
  'poison-job',
];

/** Longest time (ms) that a container lives after its runner: then another runner may have the job. */
export const longestSurvival = heartbeatTtl;

/** Milliseconds between two looks at what the engine has, and how many looks there are. */
const looks = { pause: 2000, count: 8 } as const;

/** What the verdict of a job in a container may be besides success, if the engine had a fault meanwhile. */
export function isEnginesFault(commit: Pushed, build: Build, faults: readonly Fault[]): boolean {
  const { status, reason, finishedAt } = build;
  const isOurs = status === 'error' && (reason === 'engine_failed' || reason === 'service_failed');
  const end = finishedAt === null ? Number.POSITIVE_INFINITY : Date.parse(finishedAt);
  return (
    commit.inContainer &&
    isOurs &&
    faults.some(({ kind, at, back }) => engineKinds.includes(kind) && at <= end && back >= commit.at)
  );
}

/** Runs whose container was alive too long after a fault had killed their runner. */
export function survivors(evidence: Evidence, faults: readonly Fault[]): { run: Run; fault: Fault }[] {
  const inContainers = [...evidence.all().values()].flat().filter(({ phase }) => phase !== '');
  return faults
    .filter(({ kind }) => kills.includes(kind))
    .flatMap((fault) =>
      inContainers
        .filter(({ runner, startedAt }) => fault.targets.includes(runner) && startedAt <= fault.at)
        .filter(({ lastBeat }) => lastBeat > fault.at + longestSurvival)
        // a later run of a runner that was started again has its own id
        .map((run) => ({ run, fault })),
    );
}

/** What Volt has made in the engine and not removed, as `container id labels`; no job runs any more. */
export async function leftInEngine(engine: TestEngine): Promise<string[]> {
  let left: string[] = [];
  for (let look = 0; look < looks.count; look++) {
    left = await labelled(engine);
    if (left.length === 0) break;
    await pause(looks.pause);
  }
  return left;
}

async function labelled({ podman }: TestEngine): Promise<string[]> {
  const found: string[] = [];
  for (const [what, name, ...command] of [
    ['container', 'ID', 'ps', '--all'],
    ['pod', 'Id', 'pod', 'ls'],
    ['network', 'Name', 'network', 'ls'],
    ['volume', 'Name', 'volume', 'ls'],
    ['image', 'ID', 'images'],
  ] as const) {
    const format = ['--filter', 'label=volt.record', '--format', `{{.${name}}} {{.Labels}}`];
    const lines = (await podman(...command, ...format)).split('\n').filter(Boolean);
    found.push(...lines.map((line) => `${what} ${line}`));
  }
  return found;
}
