import { expect } from 'chai';
import { noteProblem } from '../../src/record/delivery-problems.ts';
import { nextStatus, noteFailed } from '../../src/record/due-statuses.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import { bodyOf, Site } from './site.ts';

const problem = { code: 'forge_refused', message: 'GitHub answers 403', remedy: 'It needs statuses=write.' };

describe('web: statuses that do not reach a forge', () => {
  let site: Site;
  /** kinds of stages in the status before there was a forge */
  let kindsBefore: string[];
  before(async () => {
    site = await Site.start();
    const { database, config } = site.context;
    kindsBefore = await kinds();
    await site.repository('app');
    await site.repository('hidden', { visibility: 'private' });
    const about = { name: 'hub', kind: 'github' as const, token: 'a-token', createdBy: 'owner' };
    await addForge(database, config, { ...about, repos: ['app=acme/app', 'hidden=acme/hidden'] });
    const forge = await forgeWithToken(database, config, 'hub');
    await noteChecked(database, config, forge);
    for (const repo of ['app', 'hidden']) {
      await site.build(repo);
      const notice = await nextStatus(database, forge, { pending: true });
      if (!notice) throw new Error('no notice');
      await noteFailed(database, notice, { dueAt: Date.now() + 60_000, problem });
    }
  });
  after(() => site.stop());

  const problems = async (headers: { [name: string]: string } = {}) =>
    (await bodyOf(await site.fetch('/api/v1/status', { headers }))).problems as { code: string; message: string }[];
  const kinds = async () => ((await site.json('/api/v1/status')).stages as { kind: string }[]).map(({ kind }) => kind);
  const owner = () => ({ authorization: `Bearer ${site.token}` });

  it('are a problem in the status, with what to do', async () => {
    const found = await problems(owner());
    expect(found).to.deep.include({
      ...problem,
      message: 'statuses of app do not reach the forge hub: GitHub answers 403',
    });
    expect(found.map(({ code }) => code)).to.include('no_notifier');
    await site.stage('notifier');
    expect((await problems(owner())).map(({ code }) => code)).to.not.include('no_notifier');
  });

  it('need a notifier, which the status does not ask for without a forge', async () => {
    expect(kindsBefore).to.include('reporter').and.not.include('notifier');
    expect(await kinds()).to.include('notifier');
  });

  it('are on the page of the repository only', async () => {
    expect(await site.page('/repos/app'))
      .to.include('GitHub answers 403')
      .and.include('It needs statuses=write.');
    await site.repository('other');
    expect(await site.page('/repos/other')).to.not.include('GitHub answers 403');
  });

  it('reveal no private repository to others', async () => {
    await noteProblem(site.context.database, 'forges', 'hub', { ...problem, message: 'no answer about acme/hidden' });
    const [seen, own] = [JSON.stringify(await problems()), JSON.stringify(await problems(owner()))];
    expect(seen)
      .to.include('statuses of app')
      .and.include('statuses do not reach the forge hub')
      .and.not.include('hidden');
    expect(own).to.include('statuses of hidden').and.include('forge hub: no answer about acme/hidden');
  });
});
