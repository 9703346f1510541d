import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { listRunners, listStages, stageKinds } from '../../src/redis/membership.ts';
import { startAccess, type TestAccess } from '../support/access.ts';
import { startProgram, type TestChild } from '../support/child.ts';
import { until } from '../support/until.ts';

/** For how long (ms) the main thread is held: longer than a heartbeat lives. */
const held = 8000;
/** Longest time between two heartbeats, in milliseconds. */
const longestGap = 2000;

interface Heard {
  times: Set<string>;
  /** longest that a heartbeat has told of the event loop, in milliseconds */
  lag: number;
}

describe('all stages in one process whose event loop is blocked', () => {
  let folder: string;
  let healthFile: string;
  let test: TestAccess;
  let child: TestChild | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'volt-held-'));
    healthFile = join(folder, 'alive');
    test = await startAccess();
    child = startProgram('blockable-stages.ts', [test.redis.url, join(folder, 'data'), healthFile, String(held)]);
    expect(await child.line()).to.equal('ready');
  });

  after(async () => {
    await child?.kill();
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function members() {
    const stages = stageKinds.map(async (kind) => ({ kind, ...(await listStages(test.access, kind)) }));
    return [...(await Promise.all(stages)), { kind: 'runner', ...(await listRunners(test.access)) }];
  }

  it('beat over one connection', async () => {
    const names = async () => String(await test.access.client.client('LIST')).match(/ name=heartbeats? /g);
    await until('it is there', names);
    expect(await names()).to.have.length(1);
  });

  it('keep sending heartbeats, and report that it is blocked', async () => {
    await until('all are shown', async () => (await members()).every(({ alive }) => alive.length === 1));
    child?.signal('SIGUSR2');
    expect(await child?.line()).to.equal('held');
    const heard = new Map<string, Heard>();
    let over = false;
    const free = child?.line().then((line) => {
      over = true;
      return line;
    });
    let untouched = 0;
    await until('it is free again', async () => {
      for (const { kind, alive } of over ? [] : await members()) {
        const of = heard.get(kind) ?? { times: new Set(), lag: 0 };
        heard.set(kind, of);
        for (const { heartbeatAt, vitals } of alive) {
          of.times.add(heartbeatAt);
          of.lag = Math.max(of.lag, vitals?.lag ?? 0);
        }
      }
      untouched = Math.max(untouched, Date.now() - statSync(healthFile).mtimeMs);
      return over;
    });
    const ended = Date.now();
    expect(await free).to.equal('free');
    expect([...heard.keys()]).to.have.members([...stageKinds, 'runner']);
    for (const [kind, { times, lag }] of heard) {
      const moments = [...times].map(Date.parse);
      const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
      expect(gaps.length, kind).to.be.above(4);
      expect(Math.max(...gaps), kind).to.be.below(longestGap);
      expect(ended - (moments.at(-1) ?? 0), kind).to.be.below(longestGap);
      expect(lag, kind).to.be.above(held / 2);
    }
    // its health is that of the main thread
    expect(untouched).to.be.above(held / 2);
    await until('it is well again', () => statSync(healthFile).mtimeMs > ended);
  });
});
