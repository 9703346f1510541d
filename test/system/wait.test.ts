import { expect } from 'chai';
import { Bell, every, everyLater, pause, within } from '../../src/system/wait.ts';
import { until } from '../support/until.ts';

/** Longer than any test lasts. */
const forEver = 3_600_000;

/** A promise that is settled from outside. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('pause', () => {
  it('ends at once when its signal aborts, without an error', async () => {
    const stop = new AbortController();
    const paused = pause(forEver, stop.signal);
    stop.abort();
    await paused;
    await pause(forEver, stop.signal);
  });
});

describe('a bell', () => {
  it('ends exactly one wait, whether it rings before or during it', async () => {
    const bell = new Bell();
    const waited = bell.wait(forEver);
    bell.ring();
    await waited;
    bell.ring();
    bell.ring();
    await bell.wait(forEver);
    let ended = false;
    const next = bell.wait(forEver).then(() => {
      ended = true;
    });
    await pause(1);
    expect(ended).to.equal(false);
    bell.ring();
    await next;
  });

  it('ends a wait after the given time', () => new Bell().wait(1));
});

describe('within', () => {
  it('returns the value of a promise in time, and leaves no timer', async () => {
    // by then mocha has set its own
    await pause(1);
    const before = timers();
    expect(await within(Promise.resolve('value'), forEver)).to.equal('value');
    expect(timers()).to.equal(before);
  });

  it('returns undefined after the timeout', async () => {
    expect(await within(new Promise(() => {}), 1)).to.equal(undefined);
  });

  it('passes an error on', async () => {
    const error = await within(Promise.reject(new Error('broken')), forEver).catch((reason: Error) => reason);
    expect(error).to.be.an('error').with.property('message', 'broken');
  });
});

describe('every', () => {
  it('runs at once, and again after the interval', async () => {
    let runs = 0;
    const repeating = every(
      1,
      async () => void runs++,
      () => {},
    );
    await until('three runs', () => runs >= 3);
    await repeating.stop();
  });

  it('never runs twice at the same time', async () => {
    let under = 0;
    let most = 0;
    let runs = 0;
    const repeating = every(
      1,
      async () => {
        most = Math.max(most, ++under);
        await pause(3);
        under--;
        runs++;
      },
      () => {},
    );
    repeating.now();
    await until('several runs', () => runs >= 4);
    await repeating.stop();
    expect(most).to.equal(1);
  });

  it('reports an error, and continues', async () => {
    const errors: unknown[] = [];
    const repeating = every(
      1,
      async () => {
        throw new Error(`run ${errors.length + 1}`);
      },
      (error) => errors.push(error),
    );
    await until('two errors', () => errors.length >= 2);
    await repeating.stop();
    expect(errors.slice(0, 2).map((error) => (error as Error).message)).to.deep.equal(['run 1', 'run 2']);
  });

  it('runs without waiting for the interval when asked to, also when asked during a run', async () => {
    let runs = 0;
    const first = gate();
    const repeating = every(
      forEver,
      async () => {
        runs++;
        await first.opened;
      },
      () => {},
    );
    await until('the first run', () => runs === 1);
    repeating.now();
    first.open();
    await until('the run that was asked for meanwhile', () => runs === 2);
    repeating.now();
    await until('the one after', () => runs === 3);
    await repeating.stop();
  });

  it('stops after the present run, and does not run again', async () => {
    let runs = 0;
    let ended = 0;
    const work = gate();
    const repeating = every(
      1,
      async () => {
        runs++;
        await work.opened;
        ended++;
      },
      () => {},
    );
    await until('a run', () => runs === 1);
    const stopped = repeating.stop().then(() => expect({ runs, ended }).to.deep.equal({ runs: 1, ended: 1 }));
    work.open();
    await stopped;
    repeating.now();
    await pause(1);
    expect(runs).to.equal(1);
  });
});

describe('everyLater', () => {
  it('runs first after the interval, or on demand', async () => {
    let runs = 0;
    const repeating = everyLater(
      3_600_000,
      async () => void runs++,
      () => undefined,
    );
    await pause(5);
    expect(runs).to.equal(0);
    repeating.now();
    await until('the first run', () => runs === 1);
    await repeating.stop();
  });
});
