import { expect } from 'chai';
import type { Database } from '../../src/record/database.ts';
import { forgetTrustedRefs } from '../../src/record/forgotten-trust.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { setTrustedRefs, trustedRefs } from '../../src/record/trust.ts';
import { takeTrustChange } from '../../src/record/trust-change.ts';
import { observed, withRecord } from '../support/record.ts';

describe('the refs that an older Volt trusted with secrets', () => {
  let database: Database;

  withRecord(
    (opened) => {
      database = opened;
    },
    { repositories: [] },
  );

  it('are emptied, and reported once with how to restore them', async () => {
    for (const name of ['app', 'none', 'usual', 'gone']) await observed(database, name);
    await setTrustedRefs(database, 'app', ['refs/heads/main', 'refs/heads/release/*']);
    await setTrustedRefs(database, 'none', []);
    await removeRepository(database, 'gone', false);
    await database.db
      .updateTable('repositories')
      .set({ trusted_refs: '["refs/**"]' })
      .where('name', '=', 'gone')
      .execute();
    await database.write(forgetTrustedRefs);
    expect(await trustedRefs(database, 'app')).to.deep.equal([]);
    expect(await trustedRefs(database, 'none')).to.deep.equal([]);
    expect(await trustedRefs(database, 'usual')).to.deep.equal(['refs/tags/**']);
    await observed(database, 'gone', { url: 'https://other.example/gone.git' });
    expect(await trustedRefs(database, 'gone')).to.deep.equal(['refs/tags/**']);
    const told = await takeTrustChange(database);
    expect(told).to.have.length(2);
    expect(told[0]).to.include('only builds of the default branch and of tags get secrets now');
    expect(told[1]).to.include("volt secret trust app 'refs/heads/main' 'refs/heads/release/*'");
    expect(await takeTrustChange(database)).to.deep.equal([]);
  });

  it('are not reported for a new database, or one without repositories', async () => {
    expect(await takeTrustChange(database)).to.deep.equal([]);
    await database.write(forgetTrustedRefs);
    expect(await takeTrustChange(database)).to.deep.equal([]);
  });
});
