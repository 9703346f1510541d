import { median, timed } from '../figures.ts';
import { BareLoop } from './bare-loop.ts';
import { type Bench, Installation } from './installation.ts';
import { atLeast, holds, type Row } from './row.ts';
import type { Source } from './source.ts';

const slots = 2;

/**
 * Commits that appear at once, with tests that do nothing; Volt, and as many bare loops as Volt has slots, alternate.
 */
export async function burst(bench: Bench, source: Source, commits: number, times: number): Promise<Row> {
  const { repository } = source;
  const bare = await Promise.all(Array.from({ length: slots }, () => BareLoop.make(repository.path)));
  const volt = await Installation.start(bench, { args: ['--repo', repository.path, '--slots', String(slots)] });
  try {
    await volt.settled(1);
    const taken: number[] = [];
    const floor: number[] = [];
    let succeeded = 0;
    for (let index = 0; index < times; index++) {
      let shas: string[] = [];
      taken.push(
        await volt.timed(commits, () => {
          shas = repository.burst(commits);
        }),
      );
      const builds = await volt.builds(commits);
      succeeded += builds.filter(({ sha, status }) => status === 'success' && shas.includes(sha)).length;
      const left = [...shas];
      const loop = async (own: BareLoop) => {
        for (let sha = left.shift(); sha !== undefined; sha = left.shift()) await own.test(sha);
      };
      floor.push(await timed(() => Promise.all(bare.map(loop))));
    }
    const rate = perMinute(commits, median(taken));
    const base = perMinute(commits, median(floor));
    return {
      name: `${commits} commits at once, ${slots} slots`,
      volt: `${rate.toFixed(0)} builds/min`,
      floor: `${base.toFixed(0)} /min`,
      ratio: rate / base,
      bars: [
        atLeast('at least half of the floor’s rate', rate, base / 2),
        holds('each built once with success', succeeded === commits * times),
      ],
      n: times,
      figures: { perMinute: rate, floorPerMinute: base },
    };
  } finally {
    await volt.stop();
    for (const loop of bare) await loop.remove();
  }
}

function perMinute(count: number, milliseconds: number): number {
  return (count / milliseconds) * 60_000;
}
