import { expect } from 'chai';
import { Lanes } from '../../src/observer/lanes.ts';

describe('the lanes of looks', () => {
  /** A look that goes on until it is told to end. */
  function held() {
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { look: () => over, end: () => end() };
  }

  it('let no server that hangs take up more polls than a bounded number', async () => {
    const lanes = new Lanes();
    const hanging = held();
    let over = 0;
    const polls = Array.from({ length: 600 }, (_, at) =>
      lanes
        .run({ repo: `r${at}`, url: 'https://hangs.example/r.git', isSpare: () => true, look: hanging.look })
        .then(() => over++),
    );
    await lanes.run({ repo: 'other', url: 'https://other.example/r.git', isSpare: () => true, look: async () => {} });
    // 8 look and 24 wait
    expect(over).to.equal(600 - 32);
    hanging.end();
    await Promise.all(polls);
  });

  it('leave no repository of a busy server out for ever', async () => {
    const lanes = new Lanes();
    const looked = new Map<string, number>();
    const names = Array.from({ length: 100 }, (_, at) => `r${at}`);
    for (let round = 0; round < 4; round++) {
      const look = (repo: string) => async () => {
        looked.set(repo, (looked.get(repo) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
      };
      // the schedule brings them in the same order each time
      await Promise.all(
        names.map((repo) => lanes.run({ repo, url: 'https://busy.example/r', isSpare: () => true, look: look(repo) })),
      );
    }
    expect(names.filter((name) => !looked.has(name))).to.deep.equal([]);
  });

  it('leave out nothing that a person has asked for', async () => {
    const lanes = new Lanes();
    const hanging = held();
    let looks = 0;
    const all = Array.from({ length: 100 }, (_, at) =>
      lanes.run({
        repo: `r${at}`,
        url: 'https://busy.example/r',
        isSpare: () => at % 2 === 0,
        look: async () => {
          await hanging.look();
          if (at % 2 === 1) looks++;
        },
      }),
    );
    hanging.end();
    await Promise.all(all);
    expect(looks).to.equal(50);
  });
});
