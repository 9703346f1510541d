/**
 * Measures every page and every reading route of the API with 10,000 builds and 1,000,000 test results in the database:
 * `npm run bench:pages`; `--help` lists the options.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { CompiledQuery } from 'kysely';
import { scansOf } from '../../support/query-plans.ts';
import { fill } from './fill.ts';
import { type Place, placesOf } from './places.ts';
import { PageServer } from './server.ts';

interface Options {
  builds: number;
  results: number;
  times: number;
  data?: string;
  serve?: boolean;
  json?: boolean;
}

/** Longest time of a page, in milliseconds. */
const bar = 100;

interface Measured {
  path: string;
  status: number;
  bytes: number;
  median: number;
  max: number;
  /** processor time of this process for one request, including the client: the meaningful number on a busy machine */
  cpu: number;
  /** its slowest query, in milliseconds */
  query: number;
  scans: string[];
}

const number = (text: string) => Number(text);
const command = new Command('bench:pages')
  .description(
    'Fills a record and asks the web stage for every page and every reading route, one after another over one connection. Times are from the request to the last byte, in milliseconds; "cpu" is the mean of the processor time of one, asking included; "query" is the slowest query of the page by itself.',
  )
  .option('--builds <n>', 'builds in the record', number, 10_000)
  .option('--results <n>', 'results of single tests in it', number, 1_000_000)
  .option('--times <n>', 'requests for each, after two that do not count', number, 15)
  .option('--data <folder>', 'keep the record there, and use the one that is there already')
  .option('--serve', 'serve it until a key is pressed, to look at the pages')
  .option('--json', 'print JSON')
  .parse();
const options = command.opts<Options>();

const dataDir = options.data ?? (await mkdtemp(join(tmpdir(), 'volt-pages-')));
const isNew = !existsSync(join(dataDir, 'volt.db'));
const server = await PageServer.start(dataDir);
try {
  if (isNew) {
    const begin = performance.now();
    await fill(server.database, { ...options, tell: (builds) => process.stderr.write(`\r${builds} builds`) });
    process.stderr.write(` made in ${Math.round((performance.now() - begin) / 1000)} s\n`);
  }
  if (options.serve) await served();
  else await measured();
} finally {
  await server.stop();
  if (options.data === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

async function served(): Promise<void> {
  process.stdout.write(`${server.url}  token ${server.token}\nEnter ends it.\n`);
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.unref();
}

async function measured(): Promise<void> {
  const found: Measured[] = [];
  for (const place of await placesOf(server)) found.push(await measure(place));
  const slow = found.filter(({ max }) => max >= bar);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ bar, times: options.times, pages: found }, undefined, 2)}\n`);
    return;
  }
  const row = (cells: readonly (string | number)[]) =>
    `${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(64) : String(cell).padStart(9))).join('')}\n`;
  process.stdout.write(row(['path', 'status', 'kB', 'median', 'max', 'cpu', 'query']));
  for (const { path, status, bytes, median, max, cpu, query, scans } of found) {
    const short = path.length <= 62 ? path : `${path.slice(0, 61)}…`;
    const cells = [status, (bytes / 1000).toFixed(0), ...[median, max, cpu, query].map((ms) => ms.toFixed(1))];
    process.stdout.write(`${row([short, ...cells]).trimEnd() + (max >= bar ? '  SLOW' : '')}\n`);
    for (const scan of scans) process.stdout.write(`    ${scan}\n`);
  }
  const scanning = found.filter(({ scans }) => scans.length > 0).length;
  process.stdout.write(
    `${found.length} places, n ${options.times}: ${slow.length} had a request of ${bar} ms or more, ${scanning} a query that goes through a table\n`,
  );
}

async function measure({ path }: Place): Promise<Measured> {
  const queries: { query: CompiledQuery; ms: number }[] = [];
  const stop = server.watch((query, ms) => queries.push({ query, ms }));
  const taken: number[] = [];
  let status = 0;
  let bytes = 0;
  let before = process.cpuUsage();
  for (let count = -2; count < options.times; count++) {
    if (count === 0) before = process.cpuUsage();
    const begin = performance.now();
    const answer = await server.fetch(path);
    bytes = (await answer.arrayBuffer()).byteLength;
    status = answer.status;
    if (count >= 0) taken.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000 / options.times;
  stop();
  taken.sort((a, b) => a - b);
  const distinct = new Map(queries.map(({ query }) => [query.sql, query]));
  const scans = (await Promise.all([...distinct.values()].map((query) => scansOf(server.database, query)))).flat();
  return {
    ...{ path, status, bytes, median: taken[Math.floor(taken.length / 2)] ?? 0, max: taken.at(-1) ?? 0, cpu },
    ...{ query: Math.max(0, ...queries.map(({ ms }) => ms)), scans: [...new Set(scans)] },
  };
}
