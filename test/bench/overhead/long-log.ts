import { setTimeout as pause } from 'node:timers/promises';
import { median, timed } from '../figures.ts';
import { BareLoop } from './bare-loop.ts';
import { type Bench, Installation } from './installation.ts';
import { atMost, holds, ms, type Row } from './row.ts';
import { loudOutput, type Source } from './source.ts';

/**
 * The cost of 10 MB of output: the time from the push to the verdict, minus that of a commit with a silent test. The
 * same for the bare loop, which writes to a file.
 */
export async function longLog(bench: Bench, source: Source, times: number): Promise<Row> {
  const bare = await BareLoop.make(source.repository.path);
  const volt = await Installation.start(bench, { args: ['--repo', source.repository.path, '--slots', '2'] });
  try {
    await volt.settled(1);
    const taken: number[] = [];
    const floor: number[] = [];
    let complete = true;
    const expected = loudOutput();
    for (let index = -1; index < times; index++) {
      const silent = await both({});
      const loud = await both({ loud: 'yes\n' });
      complete &&= (await volt.log()).includes(expected);
      if (index < 0) continue;
      taken.push(loud.volt - silent.volt);
      floor.push(loud.bare - silent.bare);
    }
    const own = median(taken);
    const base = median(floor);
    return {
      name: 'a job that prints 100,000 lines (10 MB), less a silent one',
      volt: ms(own),
      floor: ms(base),
      ratio: own / base,
      bars: [atMost('at most 2 × the bare command into a file', own, 2 * base), holds('log complete', complete)],
      n: times,
      figures: { volt: own, floor: base },
    };
  } finally {
    await volt.stop();
    await bare.remove();
  }

  async function both(files: Record<string, string>) {
    const sha = source.prepare(files);
    await pause(200);
    const ofVolt = await volt.timed(1, () => source.push());
    await pause(200);
    return { volt: ofVolt, bare: await timed(() => bare.test(sha)) };
  }
}
