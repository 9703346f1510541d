/** Runs Volt for an hour and checks whether anything grows: `npm run soak`; `--help` lists the options. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { errorText } from '../../src/kernel/errors.ts';
import { conditions } from '../bench/conditions.ts';
import { currentBundle } from '../support/bundle.ts';
import { boundBy, type Course, courses } from './flatness.ts';
import { SoakedVolt } from './installation.ts';
import { type Sample, sample } from './sample.ts';
import { SoakWorkload } from './workload.ts';

const { minutes, warm, interval, seed, keep, samples } = new Command('soak')
  .description(
    'Feeds a `volt up` with commits, branches, cancels, retries, looks at pages and calls of the command line, and fails if after a while anything still grows: memory, handles, keys of Redis, files, rows.',
  )
  .option('--minutes <minutes>', 'how long it works', Number, 60)
  .option('--warm <minutes>', 'how long things may grow', Number, 10)
  .option('--interval <seconds>', 'between two things that happen', Number, 2)
  .option('--seed <number>', 'what happens follows from it', Number, 1)
  .option('--samples <file>', 'append each sample there, as a line of JSON')
  .option('--keep', 'leave the folder with the data directory in place')
  .parse()
  .opts<{
    minutes: number;
    warm: number;
    interval: number;
    seed: number;
    samples?: string;
    keep?: boolean;
  }>();

/** Milliseconds between two samples. */
const sampling = 20_000;

async function soak(signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'volt-soak-'));
  const workload = new SoakWorkload(seed);
  const at = conditions(0);
  let volt: SoakedVolt | undefined;
  try {
    volt = await SoakedVolt.start(folder, await workload.sources());
    console.error(`volt up works in ${folder}`);
    const stop = new AbortController();
    const working = workload.run(volt, interval * 1000, AbortSignal.any([signal, stop.signal]));
    const begin = Date.now();
    const taken: { minute: number; values: Sample }[] = [];
    for (let minute = 0; minute < minutes && !signal.aborted; minute = (Date.now() - begin) / 60_000) {
      await Promise.race([pause(sampling, undefined, { signal }).catch(() => undefined), working]);
      const values = await sample(volt);
      if (samples) appendFileSync(samples, `${JSON.stringify({ minute, ...Object.fromEntries(values) })}\n`);
      if (minute >= warm) taken.push({ minute, values });
    }
    stop.abort();
    await working;
    signal.throwIfAborted();
    const found = courses(taken);
    console.log(table(found));
    console.log(`\n${workload.commits} commits in ${minutes} minutes; counted from minute ${warm}`);
    console.log(
      Object.entries(at)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    );
    const grown = found.filter(({ hourly, bound }) => bound !== undefined && hourly > bound);
    for (const { name } of grown) console.log(`GROWS: ${name}`);
    if (grown.length > 0) process.exitCode = 1;
  } finally {
    await volt?.stop();
    await workload.remove();
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function table(found: readonly Course[]): string {
  const rows = found.map(({ name, first, last, least, most, hourly, bound }) => {
    const [from, to, low, high, grows] = [first, last, least, most, hourly].map((value) => value.toFixed(1));
    const may = bound === undefined ? boundBy(name) : `at most ${bound.toFixed(1)}`;
    return `| ${name} | ${from} | ${to} | ${low} to ${high} | ${grows} | ${may} |`;
  });
  return ['| what | first | last | range | grows in an hour by | may |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}; volt up has been ended, too`)));
await currentBundle();
await soak(interrupted.signal).catch((error) => {
  console.error(errorText(error));
  process.exitCode = 1;
});
