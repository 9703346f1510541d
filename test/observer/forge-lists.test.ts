import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { ForgeLists, isClosed } from '../../src/observer/forge-lists.ts';
import type { Database } from '../../src/record/database.ts';
import { pullRequestFacts } from '../../src/record/pull-request-facts.ts';
import { checkedForge, FakeForge } from '../support/fake-forge.ts';
import { fakePull } from '../support/fake-pull-requests.ts';
import { withRecord } from '../support/record.ts';

const repository = { name: 'app', url: '/srv/app' };
const head = 'c'.repeat(40);
const other = 'd'.repeat(40);

describe('asking a forge about pull requests', () => {
  let database: Database;
  let config: Config;
  let fake: FakeForge;
  let lists: ForgeLists;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error' });
  });
  beforeEach(async () => {
    fake = await FakeForge.start('github');
    lists = new ForgeLists({ database, config, logger: createLogger('error') });
  });
  afterEach(() => fake.stop());

  const use = () => checkedForge(database, config, fake);
  const about = (...heads: [number, string][]) =>
    lists.about(
      repository,
      heads.map(([number, sha]) => ({ number, head: sha })),
    );

  it('stores what workflows see of them, and tells their base and whether they are open', async () => {
    await use();
    fake.pulls = [
      fakePull({ number: 7, title: 'Mend it', baseRef: 'release/1' }),
      fakePull({ number: 8, state: 'closed' }),
    ];
    const told = await about([7, head], [8, head], [9, head]);
    expect([...told]).to.deep.equal([
      [7, { head, baseRef: 'release/1', isOpen: true }],
      [8, { head, baseRef: 'main', isOpen: false }],
    ]);
    expect(await pullRequestFacts(database, 'app', 7)).to.include({ title: 'Mend it', author: 'ada', isOpen: true });
    expect(await pullRequestFacts(database, 'app', 9)).to.equal(null);
    expect(isClosed(told.get(8), head)).to.equal(true);
    // it may be open again, which the list does not show yet
    expect(isClosed(told.get(8), other)).to.equal(false);
  });

  it('asks once for a head, only whether the list has changed for another, and seldom in all', async () => {
    await use();
    fake.pulls = [fakePull({ number: 7 })];
    for (let times = 0; times < 3; times++) await about([7, head], [9, head]);
    expect(fake.requests).to.have.length(1);
    expect((await about([7, other])).get(7)).to.include({ isOpen: true });
    expect(fake.requests[1]?.headers['if-none-match']).to.match(/^"/);
    for (let times = 0; times < 50; times++) await about([7, times.toString(16).padStart(40, '0')]);
    expect(fake.requests).to.have.length(30);
  });

  it('looks further back for those that have not changed last, but not for ever', async () => {
    await use();
    fake.pulls = Array.from({ length: 300 }, (_, index) => fakePull({ number: 1000 - index }));
    expect([...(await about([901, head])).keys()]).to.deep.equal([901]);
    expect(fake.requests).to.have.length(2);
    expect([...(await about([701, head])).keys()]).to.deep.equal([]);
    expect(fake.requests).to.have.length(5);
  });

  it('asks no forge that is not checked, or not for the repository', async () => {
    expect((await about([7, head])).size).to.equal(0);
    await use();
    await lists.about({ name: 'other', url: 'https://git.example.org/acme/app' }, [{ number: 7, head }]);
    await database.db.updateTable('forges').set({ checked_at: null }).execute();
    await about([7, head]);
    expect(fake.requests).to.deep.equal([]);
  });

  it('does without a forge that hangs, fails, limits, refuses or talks nonsense, and leaves it alone for a while', async () => {
    const faults = [
      'hang' as const,
      { status: 500 },
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 403 },
      { status: 200, body: 'nonsense' },
    ];
    await use();
    fake.pulls = [fakePull({ number: 7 })];
    for (const fault of faults) {
      lists = new ForgeLists({ database, config, logger: createLogger('error') });
      fake.fault = () => fault;
      const before = fake.requests.length;
      for (const sha of [head, other]) expect((await about([7, sha])).size, JSON.stringify(fault)).to.equal(0);
      expect(fake.requests.length - before).to.equal(1);
    }
  });

  it('keeps what a forge has told before it fails', async () => {
    await use();
    fake.pulls = Array.from({ length: 60 }, (_, index) => fakePull({ number: 100 - index }));
    fake.fault = ({ query }) => (query.get('page') === '2' ? { status: 500 } : undefined);
    expect([...(await about([99, head], [45, head])).keys()]).to.deep.equal([99]);
  });
});
