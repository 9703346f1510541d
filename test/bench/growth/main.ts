/** Measures how Volt's cost grows with its load: `npm run bench:growth`; `--help` lists the options. */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { Command, Option } from 'commander';
import { conditions } from '../conditions.ts';
import { builds } from './builds.ts';
import { curve, exponent, type Growth } from './curve.ts';
import { queuedJobs } from './queued-jobs.ts';
import { repositories } from './repositories.ts';
import { runners } from './runners.ts';

type Measure = (sizes: readonly number[], n: number) => Promise<{ growths: Growth[]; notes: string[] }>;

const subjects: { [name: string]: { measure: Measure; sizes: number[]; n: number } } = {
  jobs: { measure: queuedJobs, sizes: [1000, 10_000, 100_000], n: 60 },
  runners: { measure: runners, sizes: [10, 100, 1000], n: 60 },
  repositories: { measure: repositories, sizes: [50, 500, 5000], n: 60 },
  builds: { measure: builds, sizes: [1000, 10_000, 100_000, 1_000_000], n: 100 },
};

const { only, quick, json } = new Command('bench:growth')
  .description(
    'Measures operations at several sizes of what they work on, on a real Redis server and a real record, and says which curve was seen. Times are medians in milliseconds.',
  )
  .addOption(new Option('--only <names...>', 'measure these alone').choices(Object.keys(subjects)))
  .option('--quick', 'only the two smallest sizes, a few times each, to see that it works')
  .option('--json <file>', 'write figures for programs there')
  .parse()
  .opts<{ only?: string[]; quick?: boolean; json?: string }>();

const [load = 0] = loadavg();
const growths: Growth[] = [];
const notes: string[] = [];
for (const [name, { measure, sizes, n }] of Object.entries(subjects)) {
  if (only && !only.includes(name)) continue;
  console.error(`measuring: ${name}`);
  const found = await measure(quick ? sizes.slice(0, 2) : sizes, quick ? 5 : n);
  growths.push(...found.growths);
  notes.push(...found.notes);
  for (const { operation, of, points } of found.growths) {
    const cells = points.map((point) => `${point.size.toLocaleString('en')}: ${point.median.toFixed(2)} ms`);
    console.log(`${operation}\n    by ${of}: ${cells.join(', ')} (${curve(points)})`);
  }
  for (const note of found.notes) console.log(`${name}: ${note}`);
}
const at = conditions(load);
console.log(
  `\n${Object.entries(at)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`,
);
if (json) {
  const figures = growths.map((growth) => ({
    ...growth,
    exponent: exponent(growth.points),
    curve: curve(growth.points),
  }));
  writeFileSync(json, `${JSON.stringify({ ...at, growths: figures, notes }, undefined, 2)}\n`);
}
