import { expect } from 'chai';
import { roleIn } from '../../src/kernel/rights.ts';
import type { Database } from '../../src/record/database.ts';
import { grantRole, grantsOf, listGrants, revokeRole, rightsOf } from '../../src/record/grants.ts';
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
      await noteIdentity(database, {
        ...{ provider: 'corp', issuer: 'https://id.example', subject, login: subject, displayName: subject },
        ...{ groups, addresses: [] },
      })
    ).id;
  beforeEach(async () => {
    ada = await signsIn(['dev', 'ops']);
  });
  const grant = (who: string, role: Parameters<typeof grantRole>[1]['role'], ...repos: string[]) =>
    grantRole(database, { who, role, repos }, 'owner');
  const adasRole = async (repo?: string) => roleIn(await rightsOf(database, ada), repo);
  const texts = (grants: { who: string; role: string; repos: string }[]) =>
    grants.map(({ who, role, repos }) => `${who} ${role} ${repos}`);

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
    expect(await listGrants(database)).to.have.lengthOf(2);
  });

  it('are listed by who has them, and by the repository that they are for', async () => {
    await grant('group:corp/dev', 'run', '*');
    await grant('ada', 'own', 'lib');
    await grant('ada', 'run', 'app');
    expect(texts(await listGrants(database))).to.deep.equal(['ada own lib', 'ada run app', 'group:corp/dev run *']);
    expect(texts(await listGrants(database, { repo: 'app' }))).to.deep.equal(['ada run app', 'group:corp/dev run *']);
    expect(texts(await listGrants(database, { who: 'ada' }))).to.deep.equal(['ada own lib', 'ada run app']);
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
    expect(texts(await listGrants(database))).to.deep.equal(['group:corp/dev run app']);
    await failure('not_found', () => revokeRole(database, { who: 'ada' }));
  });

  it('of the role admin are for all repositories only, and all name somebody', async () => {
    await failure('bad_request', () => grant('ada', 'admin', 'app'));
    await failure('bad_name', () => grant('ada', 'run', 'App'));
    await failure('bad_name', () => grant('Ada Lovelace', 'run', '*'));
    await failure('bad_name', () => grant('group:dev', 'run', '*'));
    await failure('not_found', () => grant('nobody', 'run', '*'));
    expect(await listGrants(database)).to.deep.equal([]);
  });

  it('that name a repository end with it, since another one may get its name', async () => {
    await grant('ada', 'run', 'app', 'app*');
    await removeRepository(database, 'app', false);
    expect(texts(await listGrants(database))).to.deep.equal(['ada run app*']);
  });
});
