import { expect } from 'chai';
import { forgetTrustedRefs } from '../../src/record/forgotten-trust.ts';
import type { Record } from '../../src/record/record.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { setTrustedRefs, trustedRefs } from '../../src/record/trust.ts';
import { takeTrustChange } from '../../src/record/trust-change.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('the refs that an older Volt trusted with secrets', () => {
  const folders = new TestFolders();
  let record: Record;

  beforeEach(async () => {
    record = await openRecord(folders.make());
  });
  afterEach(() => record.close());
  after(folders.remove);

  it('are taken over by nobody, and told once, with how to have them back', async () => {
    for (const name of ['app', 'none', 'usual', 'gone']) await observed(record, name);
    await setTrustedRefs(record, 'app', ['refs/heads/main', 'refs/heads/release/*']);
    await setTrustedRefs(record, 'none', []);
    await removeRepository(record, 'gone', false);
    await record.db
      .updateTable('repositories')
      .set({ trusted_refs: '["refs/**"]' })
      .where('name', '=', 'gone')
      .execute();
    await record.write(forgetTrustedRefs);
    expect(await trustedRefs(record, 'app')).to.deep.equal([]);
    expect(await trustedRefs(record, 'none')).to.deep.equal([]);
    expect(await trustedRefs(record, 'usual')).to.deep.equal(['refs/tags/**']);
    await observed(record, 'gone', { url: 'https://other.example/gone.git' });
    expect(await trustedRefs(record, 'gone')).to.deep.equal(['refs/tags/**']);
    const told = await takeTrustChange(record);
    expect(told).to.have.length(2);
    expect(told[0]).to.include('secrets go to builds of the default branch and of tags now');
    expect(told[1]).to.include("volt secret trust app 'refs/heads/main' 'refs/heads/release/*'");
    expect(await takeTrustChange(record)).to.deep.equal([]);
  });

  it('are no matter for a record that is new, or has no repositories', async () => {
    expect(await takeTrustChange(record)).to.deep.equal([]);
    await record.write(forgetTrustedRefs);
    expect(await takeTrustChange(record)).to.deep.equal([]);
  });
});
