/** Measures Volt's own cost against a bare loop in the same run: `npm run bench`; `--help` lists the options. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { Command, Option } from 'commander';
import { currentBundle } from '../../support/bundle.ts';
import { hasEngine } from '../../support/engine.ts';
import { TestFolders } from '../../support/folder.ts';
import { VoltProcesses } from '../../support/processes.ts';
import { conditions } from '../conditions.ts';
import { burst } from './burst.ts';
import { containers } from './containers.ts';
import { idle } from './idle.ts';
import type { Bench } from './installation.ts';
import { isolation } from './isolation.ts';
import { longLog } from './long-log.ts';
import { pushToVerdict } from './push-to-verdict.ts';
import type { Row } from './row.ts';
import { Source } from './source.ts';
import { startUp } from './start-up.ts';
import { markdown, table } from './table.ts';

/** Number of measurements: for real, and to test that the benchmark works. */
const extents = {
  full: {
    pushes: 40,
    large: 30,
    commits: 200,
    bursts: 3,
    logs: 15,
    seconds: 30,
    starts: 7,
    isolated: 30,
    contained: 20,
    jobs: 50,
  },
  quick: {
    pushes: 3,
    large: 2,
    commits: 10,
    bursts: 1,
    logs: 1,
    seconds: 2,
    starts: 1,
    isolated: 2,
    contained: 2,
    jobs: 4,
  },
};
type Extent = (typeof extents)['full'];

const measurements: { [name: string]: (bench: Bench, extent: Extent) => Promise<Row[]> } = {
  push: (bench, { pushes }) =>
    withSource(Source.tiny, async (source) => [
      await pushToVerdict(bench, 'push → verdict, tiny repository', source, pushes),
    ]),
  large: (bench, { large }) =>
    withSource(Source.large, async (source) => [
      await pushToVerdict(bench, 'push → verdict, 2,000 files and a history of 20 MB', source, large),
    ]),
  burst: (bench, { commits, bursts }) =>
    withSource(Source.tiny, async (source) => [await burst(bench, source, commits, bursts)]),
  log: (bench, { logs }) => withSource(Source.tiny, async (source) => [await longLog(bench, source, logs)]),
  idle: (bench, { seconds }) => withSource(Source.tiny, (source) => idle(bench, source, seconds)),
  start: async (bench, { starts }) => [await startUp(bench, starts)],
  containers: (bench, { contained, jobs }) => containers(bench, contained, jobs),
  isolation: (bench, { isolated }) =>
    withSource(Source.tiny, async (source) => [await isolation(bench, source, isolated)]),
};

const {
  only,
  quick,
  json,
  markdown: asMarkdown,
} = new Command('bench')
  .description(
    'Measures Volt, started as `volt up`, against a bare loop (git fetch, a clean checkout, the test into a file) in the same run and in turns. Times are medians; the machine should have nothing else to do. Takes some four minutes.',
  )
  .addOption(new Option('--only <names...>', 'measure these alone').choices(Object.keys(measurements)))
  .option('--quick', 'measure each a few times, to see that it works')
  .option('--json <file>', 'write figures for programs there')
  .option('--markdown', 'print a table for a README')
  .parse()
  .opts<{ only?: string[]; quick?: boolean; json?: string; markdown?: boolean }>();

const bench = { processes: new VoltProcesses(), folders: new TestFolders() };
const rows: Row[] = [];
try {
  await currentBundle();
  const [load = 0] = loadavg();
  for (const [name, measure] of Object.entries(measurements)) {
    if (only && !only.includes(name)) continue;
    if (name === 'isolation' && !hasSandbox()) {
      console.error('isolation: left out, since bubblewrap is not installed');
      continue;
    }
    if (name === 'containers' && !hasEngine()) {
      console.error('containers: left out, since no container engine can be started');
      continue;
    }
    console.error(`measuring: ${name}`);
    rows.push(...(await measure(bench, quick ? extents.quick : extents.full)));
  }
  const at = conditions(load);
  console.log(asMarkdown ? markdown(rows) : table(rows));
  console.log(
    `\n${Object.entries(at)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
  if (json) writeFileSync(json, `${JSON.stringify({ ...at, rows }, undefined, 2)}\n`);
} finally {
  await bench.processes.end();
  bench.folders.remove();
}

async function withSource<T>(make: () => Source, work: (source: Source) => Promise<T>): Promise<T> {
  const source = make();
  try {
    return await work(source);
  } finally {
    source.remove();
  }
}

function hasSandbox(): boolean {
  try {
    execFileSync('bwrap', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
