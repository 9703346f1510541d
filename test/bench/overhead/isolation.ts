import { setTimeout as pause } from 'node:timers/promises';
import { median, percentile } from '../figures.ts';
import { type Bench, Installation } from './installation.ts';
import { ms, type Row } from './row.ts';
import type { Source } from './source.ts';

/** The cost of the sandbox: two installations, with and without one, alternate on the same commits. */
export async function isolation(bench: Bench, source: Source, times: number): Promise<Row> {
  const start = (kind: string) =>
    Installation.start(bench, { args: ['--repo', source.repository.path], env: { VOLT_ISOLATION: kind } });
  const taken = { none: [] as number[], sandbox: [] as number[] };
  for (const kind of ['none', 'sandbox', 'none', 'sandbox'] as const) {
    const volt = await start(kind);
    try {
      await volt.settled(1);
      for (let index = -2; index < times / 2; index++) {
        source.prepare();
        await pause(100);
        const time = await volt.timed(1, () => source.push());
        if (index >= 0) taken[kind].push(time);
      }
    } finally {
      await volt.stop();
    }
  }
  const [without, within] = [median(taken.none), median(taken.sandbox)];
  return {
    name: 'the sandbox, for each job: push → verdict with it and without',
    volt: `p50 ${ms(within)}, p95 ${ms(percentile(taken.sandbox, 0.95))}`,
    floor: `p50 ${ms(without)}, p95 ${ms(percentile(taken.none, 0.95))}`,
    ratio: within / without,
    bars: [],
    n: taken.sandbox.length,
    figures: { sandbox: within, none: without, cost: within - without },
  };
}
