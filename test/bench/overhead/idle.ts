import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, Installation } from './installation.ts';
import { ProcessTree } from './process-tree.ts';
import { atMost, type Row } from './row.ts';
import type { Source } from './source.ts';

/** Pause after the last build, in milliseconds. */
const settles = 5000;

/** What an idle Volt uses, and what each further runner on the machine uses. */
export async function idle(bench: Bench, source: Source, seconds: number): Promise<Row[]> {
  const volt = await Installation.start(bench, { args: ['--repo', source.repository.path] });
  try {
    await volt.settled(1);
    await pause(settles);
    const tree = new ProcessTree(volt.pid);
    const load = 100 * (await tree.load(seconds));
    const memory = tree.memory();
    const redis = readFileSync(join(volt.dataDir, 'redis/url'), 'utf8').trim();
    const runners = ['one', 'two'].map((name) =>
      bench.processes.start(['runner', '--redis', redis, '--data', volt.dataDir, '--name', name]),
    );
    for (const runner of runners) await runner.says('ready');
    await pause(settles);
    const further = runners.map(({ pid }) => new ProcessTree(pid).memory());
    return [
      {
        name: 'idle, all in one with its Redis: memory (PSS)',
        volt: `${memory.toFixed(0)} MB`,
        ratio: memory / 130,
        bars: [atMost('at most 130 MB', memory, 130)],
        n: 1,
        figures: { memory },
      },
      {
        name: `idle, all in one with its Redis: processor over ${seconds} s`,
        volt: `${load.toFixed(2)} % of a core`,
        ratio: load,
        bars: [atMost('under 1 % of a core', load, 1)],
        n: 1,
        figures: { load },
      },
      {
        name: 'idle, each further runner process: memory (PSS)',
        volt: further.map((size) => `${size.toFixed(0)} MB`).join(', '),
        ratio: Math.max(...further) / 60,
        bars: [atMost('at most 60 MB', Math.max(...further), 60)],
        n: further.length,
        figures: { memory: Math.max(...further) },
      },
    ];
  } finally {
    await volt.stop();
  }
}
