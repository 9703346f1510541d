import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { drainRunner, listRunnerDrains, resumeRunner } from '../../src/record/runner-drains.ts';
import { withRecord } from '../support/record.ts';

describe('drained runners', () => {
  let database: Database;

  withRecord((opened) => {
    database = opened;
  });

  it('are known with who has drained them and why, until they are resumed', async () => {
    await drainRunner(database, { runner: 'r2', by: 'ada', reason: null });
    await drainRunner(database, { runner: 'r1', by: 'owner', reason: 'new disk' });
    const [first, second] = await listRunnerDrains(database);
    expect(first).to.include({ runner: 'r1', by: 'owner', reason: 'new disk' });
    expect(Date.parse(first?.since ?? '')).to.be.closeTo(Date.now(), 60_000);
    expect(second).to.include({ runner: 'r2', by: 'ada', reason: null });
    await resumeRunner(database, 'r1');
    expect((await listRunnerDrains(database)).map(({ runner }) => runner)).to.deep.equal(['r2']);
  });

  it('that are drained again have the later order', async () => {
    await drainRunner(database, { runner: 'r1', by: 'ada', reason: 'new disk' });
    await drainRunner(database, { runner: 'r1', by: 'owner', reason: null });
    expect(await listRunnerDrains(database)).to.have.lengthOf(1);
    expect((await listRunnerDrains(database))[0]).to.include({ by: 'owner', reason: null });
  });
});
