import { Random } from '../support/random.ts';

/** Every kind of fault, and how long (ms) it lasts: until a killed process restarts, a frozen one continues. */
export const faultKinds = {
  'runner-kill': [500, 4000],
  'runner-freeze': [1000, 12_000],
  'runner-term': [0, 0],
  'runner-cut': [1000, 12_000],
  'dispatcher-kill': [0, 5000],
  'reporter-kill': [0, 5000],
  'observer-kill': [0, 5000],
  'web-kill': [0, 5000],
  'notifier-kill': [0, 5000],
  // until the forge is well again
  'forge-bad': [2000, 15_000],
  'redis-kill': [0, 10_000],
  'redis-wipe': [0, 0],
  'all-kill': [0, 4000],
  'record-lock': [500, 12_000],
  'record-full': [1000, 8000],
  'runner-full': [1000, 8000],
  // until one of its commits ends as poison
  'poison-job': [0, 0],
  'redis-failover': [1000, 8000],
  'redis-full': [1000, 12_000],
  'redis-misconf': [1000, 12_000],
  'runner-tunnel': [1000, 12_000],
  'clock-jump': [2000, 15_000],
  'machine-busy': [3000, 12_000],
  'transfer-cut': [2000, 8000],
  'runner-kill-pull': [500, 4000],
  'runner-kill-step': [500, 4000],
  'runner-kill-post': [500, 4000],
  'keeper-kill': [0, 0],
  'engine-kill': [500, 5000],
  'engine-freeze': [1000, 8000],
  'conmon-kill': [0, 0],
  'power-cut': [500, 6000],
  // from one restart to the next
  'rolling-upgrade': [0, 1500],
} as const satisfies Record<string, readonly [number, number]>;
export type FaultKind = keyof typeof faultKinds;

/** Faults that need sentinels, and faults that do not work with them. */
export const needSentinels: readonly FaultKind[] = ['redis-failover'];
export const notBehindSentinels: readonly FaultKind[] = [
  'redis-kill',
  'redis-wipe',
  'redis-full',
  'redis-misconf',
  'power-cut',
  'all-kill',
  'runner-cut',
  'runner-tunnel',
];
/** Faults that need a small disk, and faults that need a disk whose power can be cut. */
export const needDisk: readonly FaultKind[] = ['record-full', 'runner-full', 'power-cut'];
export const needPower: readonly FaultKind[] = ['power-cut'];

/** Faults that need a Volt which sends statuses to a forge. */
export const needForge: readonly FaultKind[] = ['notifier-kill', 'forge-bad'];

/** Faults of the container engine. */
export const engineKinds: readonly FaultKind[] = ['engine-kill', 'engine-freeze', 'conmon-kill'];
/** Faults that need a container engine. */
export const needEngine: readonly FaultKind[] = [
  'runner-kill-pull',
  'runner-kill-step',
  'runner-kill-post',
  'keeper-kill',
  ...engineKinds,
];

export interface PlannedFault {
  kind: FaultKind;
  /** milliseconds after the start of the fault phase */
  at: number;
  /** how long (ms) it lasts */
  hold: number;
  /** from 0 to 1: chooses the target */
  pick: number;
  /** whether it hits all processes of the stage, or, for a signal, comes twice */
  hard: boolean;
}

/** Milliseconds from one fault to the next; they often overlap. */
const pauses = [1500, 6000] as const;

/**
 * The faults that follow from the seed. Kinds come like cards from a shuffled pack, so that even a short run has all of
 * them.
 * @param length of the fault phase, in milliseconds
 */
export function schedule(kinds: readonly FaultKind[], seed: number, length: number): PlannedFault[] {
  const random = new Random(seed);
  const faults: PlannedFault[] = [];
  if (kinds.length === 0) return faults;
  let pack: FaultKind[] = [];
  for (let at = random.between(...pauses); at < length; at += random.between(...pauses)) {
    if (pack.length === 0) pack = random.shuffled(kinds);
    const kind = pack.pop() as FaultKind;
    const hold = random.between(...(faultKinds[kind] as readonly [number, number]));
    faults.push({ kind, at, hold, pick: random.next(), hard: random.next() < 0.3 });
  }
  return faults;
}
