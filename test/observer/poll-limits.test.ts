import { expect } from 'chai';
import { PollLimits } from '../../src/observer/poll-limits.ts';

describe('the limits of polls', () => {
  /** A poll that runs until it is told to end. */
  function held() {
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { poll: () => over, end: () => end() };
  }

  it('let a server that hangs hold a bounded number of polls', async () => {
    const limits = new PollLimits();
    const hanging = held();
    let over = 0;
    const polls = Array.from({ length: 600 }, (_, at) =>
      limits
        .run({ repo: `r${at}`, url: 'https://hangs.example/r.git', maySkip: () => true, poll: hanging.poll })
        .then(() => over++),
    );
    await limits.run({ repo: 'other', url: 'https://other.example/r.git', maySkip: () => true, poll: async () => {} });
    // 8 run and 24 wait
    expect(over).to.equal(600 - 32);
    hanging.end();
    await Promise.all(polls);
  });

  it('let every repository of a busy server be polled at some time', async () => {
    const limits = new PollLimits();
    const polled = new Map<string, number>();
    const names = Array.from({ length: 100 }, (_, at) => `r${at}`);
    for (let round = 0; round < 4; round++) {
      const poll = (repo: string) => async () => {
        polled.set(repo, (polled.get(repo) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      };
      // the schedule brings them in the same order each time
      await Promise.all(
        names.map((repo) => limits.run({ repo, url: 'https://busy.example/r', maySkip: () => true, poll: poll(repo) })),
      );
    }
    expect(names.filter((name) => !polled.has(name))).to.deep.equal([]);
  });

  it('skip no poll that a person has asked for', async () => {
    const limits = new PollLimits();
    const hanging = held();
    let polls = 0;
    const all = Array.from({ length: 100 }, (_, at) =>
      limits.run({
        repo: `r${at}`,
        url: 'https://busy.example/r',
        maySkip: () => at % 2 === 0,
        poll: async () => {
          await hanging.poll();
          if (at % 2 === 1) polls++;
        },
      }),
    );
    hanging.end();
    await Promise.all(all);
    expect(polls).to.equal(50);
  });
});
