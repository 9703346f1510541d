import { expect } from 'chai';
import { startNotifier } from '../../src/notifier/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import { FakeForge, forgeToken } from '../support/fake-forge.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('statuses at forges', function () {
  this.timeout(60_000);
  let volt: TestVolt;
  let notifier: Stage;
  let repository: TestRepository;
  let good: FakeForge;
  let bad: FakeForge;

  before(async () => {
    repository = new TestRepository({ 'test.sh': 'true' });
    [good, bad] = [await FakeForge.start('github'), await FakeForge.start('gitlab')];
    volt = await TestVolt.startAll();
    const { database, config } = volt.context;
    for (const [name, forge] of [['good', good] as const, ['bad', bad] as const]) {
      const about = { name, kind: forge.kind, api: forge.api, token: forgeToken, repos: ['sample=acme/app'] };
      await addForge(database, config, { ...about, createdBy: 'owner' });
      await noteChecked(database, config, await forgeWithToken(database, config, name));
    }
    notifier = await startNotifier(volt.context);
    await volt.observe(repository.path, { name: 'sample', command: 'sh test.sh' });
  });
  after(async () => {
    await notifier.stop();
    await volt.stop();
    repository.remove();
    await good.stop();
    await bad.stop();
  });

  const states = (forge: FakeForge, sha: string) =>
    forge.sent.filter(({ path }) => path.endsWith(sha)).map(({ body }) => body.state);
  const is = (forge: FakeForge, sha: string, state: string) =>
    until(`${sha.slice(0, 8)} is ${state}`, () => forge.newest(sha)?.state === state, 40_000);

  it('are pending first and then the verdict, while a forge that hangs delays no other', async () => {
    bad.fault = () => 'hang';
    const passing = repository.head();
    await is(good, passing, 'success');
    expect(states(good, passing)).to.deep.equal(['pending', 'success']);
    const failing = repository.commit('break it', { 'test.sh': 'exit 3' });
    await is(good, failing, 'failure');
    expect(good.newest(failing)?.description).to.match(/^Failed in .*: .*3/);
    expect(bad.rows).to.deep.equal([]);
    bad.fault = () => undefined;
    await is(bad, passing, 'success');
    await is(bad, failing, 'failed');
  });

  it('arrive where Redis was emptied and the notifier started again', async () => {
    await notifier.stop();
    const sha = repository.commit('mend it', { 'test.sh': 'true' });
    await volt.build(sha);
    await volt.emptyRedis();
    expect(good.newest(sha)).to.equal(undefined);
    notifier = await startNotifier(volt.context);
    await is(good, sha, 'success');
    expect(states(good, sha)).to.deep.equal(['success']);
  });
});
