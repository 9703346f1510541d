import { setTimeout as pause } from 'node:timers/promises';
import { median, percentile, timed } from '../figures.ts';
import { BareLoop } from './bare-loop.ts';
import { type Bench, Installation } from './installation.ts';
import { atMost, ms, type Row } from './row.ts';
import type { Source } from './source.ts';

/** Pause between two measurements, in milliseconds, so that one does not disturb the next. */
const rest = 100;

/**
 * The time from a push until a client gets the verdict, one commit at a time; Volt and the bare loop alternate. The
 * bare loop knows of the commit and fetches it at once.
 */
export async function pushToVerdict(bench: Bench, name: string, source: Source, times: number): Promise<Row> {
  const bare = await BareLoop.make(source.repository.path);
  const volt = await Installation.start(bench, { args: ['--repo', source.repository.path, '--slots', '2'] });
  try {
    await volt.settled(1);
    const taken: number[] = [];
    const floor: number[] = [];
    // the first two warm up caches
    for (let index = -2; index < times; index++) {
      const sha = source.prepare();
      await pause(rest);
      const ofVolt = await volt.timed(1, () => source.push());
      await pause(rest);
      const ofFloor = await timed(() => bare.test(sha));
      if (index < 0) continue;
      taken.push(ofVolt);
      floor.push(ofFloor);
    }
    const p50 = median(taken);
    const base = median(floor);
    return {
      name,
      volt: `p50 ${ms(p50)}, p95 ${ms(percentile(taken, 0.95))}`,
      floor: `p50 ${ms(base)}, p95 ${ms(percentile(floor, 0.95))}`,
      ratio: p50 / base,
      bars: [atMost('p50 at most 3 × the floor', p50, 3 * base), atMost('and floor + 100 ms', p50, base + 100)],
      n: times,
      figures: { p50, p95: percentile(taken, 0.95), floor: base, floorP95: percentile(floor, 0.95) },
    };
  } finally {
    await volt.stop();
    await bare.remove();
  }
}
