import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ServerClock } from '../../src/kernel/server-time.ts';
import { awake } from '../../src/system/clock.ts';

const tenMinutes = 600_000;
const sources = join(import.meta.dirname, '../../src');
/** What counts by its own clock only how long something has been so. */
const durations = ['record/database.ts'];

type Pair = [number, number];

/** Reads two clocks at one moment: again where the machine did something else in between. */
function withoutPause(read: () => Pair): Pair {
  for (;;) {
    const begun = performance.now();
    const pair = read();
    if (performance.now() - begun < 1) return pair;
  }
}

describe("the server's time", () => {
  const realNow = Date.now;
  let clock: ServerClock;

  beforeEach(() => {
    clock = new ServerClock();
  });

  afterEach(() => {
    Date.now = realNow;
  });

  /** The server tells its time in an exchange that takes so many milliseconds, half of them for either way. */
  const exchange = (ahead: number, took = 1) => {
    const [at, own] = withoutPause(() => [awake(), realNow()]);
    clock.hear(own + ahead, at - took / 2, at + took / 2);
  };

  /** The clock's time, and that of this machine at the same moment. */
  const told = () => withoutPause(() => [clock.now(), realNow()]);

  it("is this machine's until the server's is known, and while both may be equal", () => {
    const isOwn = ([time, own]: Pair) => expect(time).to.be.within(own - 1, own);
    isOwn(told());
    exchange(20, 100);
    isOwn(told());
    expect(clock.ahead).to.equal(0);
  });

  it("is the server's where this machine's clock is ahead of it or behind", () => {
    for (const ahead of [tenMinutes, -tenMinutes]) {
      clock = new ServerClock();
      exchange(-ahead);
      const [time, own] = told();
      expect(time).to.be.within(own - ahead - 3, own - ahead + 3);
      expect(clock.ahead).to.be.within(ahead - 3, ahead + 3);
    }
  });

  it("continues when somebody sets this machine's clock", () => {
    exchange(0);
    const before = clock.now();
    for (const set of [tenMinutes, -tenMinutes, 0]) {
      Date.now = () => realNow() + set;
      expect(clock.now()).to.be.within(before, before + 1000);
      expect(clock.ahead).to.be.within(set - 3, set + 3);
    }
  });

  it("follows when the server's clock is set", () => {
    exchange(0);
    exchange(tenMinutes);
    const [time, own] = told();
    expect(time).to.be.within(own + tenMinutes - 3, own + tenMinutes + 3);
    exchange(0);
    expect(clock.ahead).to.equal(0);
  });

  it('keeps the precision of a fast answer when slow ones follow', () => {
    exchange(tenMinutes, 2);
    for (const took of [400, 3000]) exchange(tenMinutes + took / 3, took);
    const [time, own] = told();
    expect(time).to.be.within(own + tenMinutes - 6, own + tenMinutes + 6);
  });

  it('is the time of everything in the database', () => {
    for (const folder of ['record', 'dispatcher']) {
      const files = readdirSync(join(sources, folder)).map((name) => `${folder}/${name}`);
      for (const file of files.filter((name) => name.endsWith('.ts') && !durations.includes(name))) {
        expect(readFileSync(join(sources, file), 'utf8'), file).to.not.match(/Date\.now\(\)|new Date\(\)/);
      }
    }
  });

  it('is shared by threads', () => {
    exchange(tenMinutes);
    expect(new ServerClock(clock.shared).ahead).to.be.within(-tenMinutes - 3, -tenMinutes + 3);
  });
});
