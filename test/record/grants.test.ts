import { expect } from 'chai';
import { roleIn } from '../../src/kernel/rights.ts';
import type { Database } from '../../src/record/database.ts';
import { allGrants, pageOfGrants, someGrantees } from '../../src/record/grant-lists.ts';
import { grantRole, grantsOf, revokeRole, rightsOf } from '../../src/record/grants.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { failure } from '../support/failure.ts';
import { withRecord } from '../support/record.ts';

describe('grants', () => {
  let database: Database;
  let ada: number;

  withRecord((opened) => {
    database = opened;
  });

  const signsIn = async (groups: string[], subject = 'ada') =>
    (
      await noteIdentity(
        database,
        { groupDays: 30 },
        {
          ...{ provider: 'corp', issuer: 'https://id.example', subject, login: subject, displayName: subject },
          ...{ groups, addresses: [] },
        },
      )
    ).id;
  beforeEach(async () => {
    ada = await signsIn(['dev', 'ops']);
  });
  const grant = (who: string, role: Parameters<typeof grantRole>[1]['role'], ...repos: string[]) =>
    grantRole(database, { who, role, repos }, 'owner');
  const adasRole = async (repo?: string) => roleIn(await rightsOf(database, ada), repo);
  const texts = (grants: { who: string; role: string; repos: string }[]) =>
    grants.map(({ who, role, repos }) => `${who} ${role} ${repos}`);

  const listed = async (filter: { who?: string; repo?: string } = {}) =>
    (await pageOfGrants(database, { ...filter, limit: 100 })).grants;

  it('give nobody anything who has none', async () => {
    await grant('group:corp/admins', 'admin', '*');
    await signsIn([], 'eve');
    await grant('eve', 'own', '*');
    expect(await rightsOf(database, ada)).to.deep.equal([]);
    expect(await adasRole()).to.equal(undefined);
  });

  it('add up: those of a person and of each of the groups, the largest in each repository', async () => {
    await grant('ada', 'read', 'team-*');
    await grant('ada', 'run', 'app');
    await grant('group:corp/dev', 'approve', 'team-web', 'lib');
    await grant('group:corp/ops', 'own', '*-deploy');
    await grant('group:other/dev', 'admin', '*');
    expect(await adasRole('team-core')).to.equal('read');
    expect(await adasRole('team-web')).to.equal('approve');
    expect(await adasRole('app')).to.equal('run');
    expect(await adasRole('lib')).to.equal('approve');
    expect(await adasRole('app-deploy')).to.equal('own');
    expect(await adasRole('application')).to.equal(undefined);
    expect(await adasRole()).to.equal('own');
    expect(texts(await grantsOf(database, ada))).to.deep.equal([
      'ada run app',
      'ada read team-*',
      'group:corp/dev approve lib',
      'group:corp/dev approve team-web',
      'group:corp/ops own *-deploy',
    ]);
  });

  it('of a group end for a person whose provider no longer tells that group', async () => {
    await grant('group:corp/dev', 'run', 'app');
    expect(await adasRole('app')).to.equal('run');
    await signsIn(['ops']);
    expect(await adasRole('app')).to.equal(undefined);
  });

  it('are made once, however often they are asked for', async () => {
    await grant('ada', 'run', 'app', 'lib', 'app');
    expect(texts(await grant('ada', 'run', 'lib', 'app'))).to.have.members(['ada run app', 'ada run lib']);
    expect(await listed()).to.have.lengthOf(2);
  });

  it('are listed by who has them, and by the repository that they are for', async () => {
    await grant('group:corp/dev', 'run', '*');
    await grant('ada', 'own', 'lib');
    await grant('ada', 'run', 'app');
    expect(texts(await listed())).to.deep.equal(['ada own lib', 'ada run app', 'group:corp/dev run *']);
    expect(texts(await listed({ repo: 'app' }))).to.deep.equal(['ada run app', 'group:corp/dev run *']);
    expect(texts(await listed({ who: 'ada' }))).to.deep.equal(['ada own lib', 'ada run app']);
  });

  it('are listed in pages that have each of them once, in one order, whatever is given and taken meanwhile', async () => {
    await signsIn([], 'ada.b');
    await signsIn([], 'zoe');
    for (const who of ['zoe', 'ada.b', 'ada', 'group:corp/Z z', 'group:corp/a', 'group:corp/admin read x'])
      for (const role of ['own', 'read', 'approve'] as const) await grant(who, role, 'b', 'a_b', 'a-*');
    await grant('ada', 'admin', '*');
    const all = await listed();
    expect(texts(all).slice(0, 5)).to.deep.equal([
      'ada admin *',
      'ada own a-*',
      'ada own a_b',
      'ada own b',
      'ada approve a-*',
    ]);
    expect([...new Set(all.map(({ who }) => who))]).to.deep.equal([
      ...['ada', 'ada.b', 'zoe', 'group:corp/Z z', 'group:corp/a', 'group:corp/admin read x'],
    ]);
    expect(await allGrants(database)).to.have.deep.members(all);
    for (const limit of [1, 4, 27, 55]) {
      const pages: string[] = [];
      let after: string | undefined;
      do {
        const { grants, next } = await pageOfGrants(database, { limit, after });
        expect(grants.length).to.be.within(1, limit);
        pages.push(...texts(grants));
        after = next ?? undefined;
      } while (after !== undefined);
      expect(pages, `by ${limit}`).to.deep.equal(texts(all));
    }
    const { next } = await pageOfGrants(database, { limit: 2 });
    await revokeRole(database, { who: 'ada' });
    const rest = await pageOfGrants(database, { limit: 1, after: next ?? undefined });
    expect(texts(rest.grants)).to.deep.equal(['ada.b own a-*']);
    expect(texts(await listed({ who: 'group:corp/a', repo: 'a_b' }))).to.have.lengthOf(3);
    expect(await listed({ who: 'zoe', repo: 'axb' }), 'an underscore is no wildcard').to.deep.equal([]);
    expect(await listed({ who: 'zoe', repo: 'a-x' })).to.have.lengthOf(3);
    expect((await pageOfGrants(database, { limit: 9, after: 'no place' })).grants).to.not.have.lengthOf(0);
    expect(await someGrantees(database, 2)).to.deep.equal(['ada.b', 'zoe', 'group:corp/Z z', 'group:corp/a']);
  });

  it('are taken away: one, those of a role, or all', async () => {
    await grant('ada', 'run', 'app', 'lib');
    await grant('ada', 'own', 'lib', 'web');
    await grant('group:corp/dev', 'run', 'app');
    expect(texts(await revokeRole(database, { who: 'ada', role: 'run', repos: ['app'] }))).to.deep.equal([
      'ada run app',
    ]);
    expect(await adasRole('app'), 'by the group').to.equal('run');
    expect(await revokeRole(database, { who: 'ada', role: 'own' })).to.have.lengthOf(2);
    expect(await revokeRole(database, { who: 'ada' })).to.have.lengthOf(1);
    expect(texts(await listed())).to.deep.equal(['group:corp/dev run app']);
    await failure('not_found', () => revokeRole(database, { who: 'ada' }));
  });

  it('of the role admin are for all repositories only, and all name somebody', async () => {
    await failure('bad_request', () => grant('ada', 'admin', 'app'));
    await failure('bad_name', () => grant('ada', 'run', 'App'));
    await failure('bad_name', () => grant('Ada Lovelace', 'run', '*'));
    await failure('bad_name', () => grant('group:dev', 'run', '*'));
    await failure('not_found', () => grant('nobody', 'run', '*'));
    expect(await listed()).to.deep.equal([]);
  });

  it('that name a repository end with it, since another one may get its name', async () => {
    await grant('ada', 'run', 'app', 'app*');
    await removeRepository(database, 'app', false);
    expect(texts(await listed())).to.deep.equal(['ada run app*']);
  });
});
