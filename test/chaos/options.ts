import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds, needEngine, needSentinels, notBehindSentinels } from './schedule.ts';

export interface CommandLine {
  minutes: number;
  seed: number;
  from: string | undefined;
  kinds: FaultKind[];
  json: boolean;
  keep: boolean;
}

const allKinds = Object.keys(faultKinds) as FaultKind[];
const usualKinds = allKinds.filter((kind) => !needSentinels.includes(kind));

export const usage = `npm run chaos -- [--minutes M] [--seed S] [--kinds a,b,…] [--from COMMIT] [--json] [--keep]

Runs a fleet under faults and checks from outside that nothing is lost, doubled or run twice at a time.
  --minutes  length of the fault phase (1)
  --seed     what goes wrong when follows from it (one by chance)
  --kinds    ${usualKinds.join(', ')} (all of these);
             container: those that need a container engine, which are ${needEngine.join(', ')};
             ${needSentinels.join(', ')}: Redis is a master, a replica and three sentinels then, and of the above there
             can be all but ${notBehindSentinels.join(', ')}
  --from     the commit of the Volt that "rolling-upgrade" begins with (the one before this one)
  --json     the result as JSON
  --keep     leaves the folder with the logs of all stages in place

Exits with 0 if all invariants held, 1 if one was broken, 2 for wrong usage.`;

/** @throws Error that says which option is wrong */
export function parseCommandLine(args: string[]): CommandLine | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      from: { type: 'string' },
      kinds: { type: 'string', default: usualKinds.join(',') },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes is "${values.minutes}"; give a number above 0`);
  const seed = values.seed === undefined ? Date.now() % 100_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is "${values.seed}"; give a whole number`);
  const kinds = values.kinds.split(',').flatMap((kind) => {
    if (kind === 'container') return needEngine;
    if (allKinds.includes(kind as FaultKind)) return kind as FaultKind;
    throw new Error(
      `"${kind}" is no kind of fault; there are ${allKinds.join(', ')}, and "container" for all that need an engine`,
    );
  });
  const impossible = kinds.filter((kind) => notBehindSentinels.includes(kind));
  if (kinds.some((kind) => needSentinels.includes(kind)) && impossible.length > 0)
    throw new Error(`${needSentinels.join(', ')} and ${impossible.join(', ')} cannot be in one run`);
  return { minutes, seed, from: values.from, kinds, json: values.json, keep: values.keep };
}
