import { setTimeout as pause } from 'node:timers/promises';
import { startEngine, type TestEngine, tinyImage } from '../../support/engine.ts';
import { median, percentile, timed } from '../figures.ts';
import { BareLoop } from './bare-loop.ts';
import { type Bench, Installation } from './installation.ts';
import { atLeast, atMost, holds, ms, type Row } from './row.ts';
import { busyboxTest, loudOutput, Source } from './source.ts';

const workflowFile = '.volt/workflows/ci.yml';
const slots = 2;
/** Pause between two measurements, in milliseconds, so that one does not disturb the next. */
const rest = 300;

/** A job in a container. @param steps that run the test */
function workflow({ service = false, steps = 1 }: { service?: boolean; steps?: number } = {}): string {
  return `on: push
jobs:
  test:
    runs-on: linux
    container: ${tinyImage}
${service ? `    services:\n      database:\n        image: ${tinyImage}\n        command: sleep 1000\n` : ''}    steps:
      - uses: actions/checkout@v4
${'      - run: ./test.sh\n'.repeat(steps)}`;
}

/** Names of containers and networks made by hand. */
let made = 0;

/** The floor: fetch and checkout as in the bare loop, and the test in `podman run --rm` on a bridge, by hand. */
function byHand(engine: TestEngine, { service = false } = {}): string {
  const id = `bench-${process.pid}-${++made}`;
  const environment = Object.entries(engine.env).map(([name, value]) => `${name}='${value}'`);
  const podman = `env ${environment.join(' ')} podman`;
  const run = (network: string) =>
    `${podman} run --rm --network ${network} --volume "$PWD:/work" --workdir /work ${tinyImage} ./test.sh`;
  if (!service) return run('bridge');
  return `(
    ${podman} network create ${id} >/dev/null
    ${podman} run --detach --network ${id} --name ${id} ${tinyImage} sleep 1000 >/dev/null
    ${run(id)}
    ${podman} rm --force --time 0 ${id} >/dev/null
    ${podman} network rm ${id} >/dev/null
  )`;
}

/** The cost of jobs in containers; Volt and the floor alternate on the same engine. */
export async function containers(bench: Bench, times: number, jobs: number): Promise<Row[]> {
  const engine = await startEngine();
  const source = Source.tiny({ 'test.sh': busyboxTest, [workflowFile]: workflow() });
  const bare = await Promise.all(Array.from({ length: slots }, () => BareLoop.make(source.repository.path)));
  const volt = await Installation.start(bench, {
    args: ['--repo', source.repository.path, '--slots', String(slots)],
    env: { VOLT_ENGINE: engine.socket },
  });
  try {
    await volt.settled(1);
    return [
      await single('push → verdict of a job in a container', 1.5),
      await single('push → verdict of a job in a container with a service', 1.5, { service: true }),
      await single('a job in a container that prints 10 MB', 2, { loud: true }),
      await steps(),
      await many(),
    ];
  } finally {
    await volt.stop();
    for (const loop of bare) await loop.remove();
    source.remove();
    await engine.stop();
  }

  async function single(name: string, bar: number, { service = false, loud = false } = {}): Promise<Row> {
    const taken: number[] = [];
    const floor: number[] = [];
    let isComplete = true;
    for (let index = -2; index < times; index++) {
      const sha = source.prepare({ [workflowFile]: workflow({ service }), loud: loud ? 'yes\n' : '' });
      await pause(rest);
      const ofVolt = await volt.timed(1, () => source.push());
      if (loud) isComplete &&= (await volt.log()).includes(loudOutput());
      await pause(rest);
      const ofFloor = await timed(() => (bare[0] as BareLoop).test(sha, byHand(engine, { service })));
      if (index < 0) continue;
      taken.push(ofVolt);
      floor.push(ofFloor);
    }
    const [own, base] = [median(taken), median(floor)];
    return {
      name,
      volt: `p50 ${ms(own)}, p95 ${ms(percentile(taken, 0.95))}`,
      floor: `p50 ${ms(base)}, p95 ${ms(percentile(floor, 0.95))}`,
      ratio: own / base,
      bars: [
        atMost(`p50 at most ${bar} × the floor`, own, bar * base),
        ...(loud ? [holds('log complete', isComplete)] : []),
      ],
      n: times,
      figures: { p50: own, floor: base },
    };
  }

  /** What each further step takes. */
  async function steps(): Promise<Row> {
    const further = 5;
    const taken: number[] = [];
    for (let index = -1; index < times; index++) {
      const time = async (count: number) => {
        source.prepare({ [workflowFile]: workflow({ steps: count }) });
        await pause(rest);
        return volt.timed(1, () => source.push());
      };
      const one = await time(1);
      const all = await time(1 + further);
      if (index >= 0) taken.push((all - one) / further);
    }
    const own = median(taken);
    return {
      name: 'each further step of a job in a container',
      volt: ms(own),
      ratio: own / 200,
      bars: [atMost('at most 200 ms', own, 200)],
      n: times,
      figures: { p50: own },
    };
  }

  /** Commits that appear at once. */
  async function many(): Promise<Row> {
    source.prepare({ [workflowFile]: workflow() });
    await volt.timed(1, () => source.push());
    let shas: string[] = [];
    const taken = await volt.timed(jobs, () => {
      shas = source.repository.burst(jobs);
    });
    const builds = await volt.builds(jobs);
    const succeeded = builds.filter(({ sha, status }) => status === 'success' && shas.includes(sha)).length;
    const left = [...shas];
    const loop = async (own: BareLoop) => {
      for (let sha = left.shift(); sha !== undefined; sha = left.shift()) await own.test(sha, byHand(engine));
    };
    const floor = await timed(() => Promise.all(bare.map(loop)));
    const [rate, base] = [(jobs / taken) * 60_000, (jobs / floor) * 60_000];
    return {
      name: `${jobs} commits at once with a job in a container, ${slots} slots`,
      volt: `${rate.toFixed(0)} builds/min`,
      floor: `${base.toFixed(0)} /min`,
      ratio: rate / base,
      bars: [
        atLeast('at least 60 % of the floor’s rate', rate, 0.6 * base),
        holds('each built once with success', succeeded === jobs),
      ],
      n: 1,
      figures: { perMinute: rate, floorPerMinute: base },
    };
  }
}
