import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median, percentile, timed } from '../figures.ts';
import { type Bench, Installation } from './installation.ts';
import { atMost, ms, type Row } from './row.ts';

const run = promisify(execFile);

/** The time from the start of `volt up`, on a used data directory, until its API reports no problems. */
export async function startUp(bench: Bench, times: number): Promise<Row> {
  const dataDir = bench.folders.make();
  const taken: number[] = [];
  const floor: number[] = [];
  for (let index = -1; index < times; index++) {
    let volt: Installation | undefined;
    const ofVolt = await timed(async () => {
      volt = await Installation.start(bench, { dataDir });
    });
    await volt?.stop();
    const ofNode = await timed(() => run(process.execPath, ['--eval', '0']));
    if (index < 0) continue;
    taken.push(ofVolt);
    floor.push(ofNode);
  }
  const p50 = median(taken);
  const base = median(floor);
  return {
    name: 'start of `volt up`, warm, until it is ready',
    volt: `p50 ${ms(p50)}, p95 ${ms(percentile(taken, 0.95))}`,
    floor: `${ms(base)} (node without a program)`,
    ratio: p50 / base,
    bars: [atMost('under 1.5 s', p50, 1500)],
    n: times,
    figures: { p50, p95: percentile(taken, 0.95), floor: base },
  };
}
