import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import {
  environmentSecrets,
  listEnvironmentSecrets,
  listEnvironmentVariables,
  removeEnvironmentEntry,
  setEnvironmentSecret,
  setEnvironmentVariable,
} from '../../src/record/environment-entries.ts';
import { listEnvironments, removeEnvironment, setEnvironment } from '../../src/record/environments.ts';
import { removeRepository } from '../../src/record/removal.ts';
import { rotateKey } from '../../src/record/secret-key.ts';
import { secretsForJob } from '../../src/record/secrets.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('environments', () => {
  const folders = new TestFolders();
  let config: Config;
  let database: Database;
  beforeEach(async () => {
    config = loadConfig({ dataDir: folders.make() });
    database = await openRecord(config.dataDir);
    await observed(database, 'app');
  });
  afterEach(() => database.close());
  after(folders.remove);

  const set = (name: string, more = {}) =>
    setEnvironment(database, 'app', { name, branches: [], approve: false, waitMinutes: 0, ...more });
  const setKey = (environment = 'production', value = 'a value') =>
    setEnvironmentSecret(database, config, { repo: 'app', environment, name: 'key', value });
  const secretsIn = (environment: string, named: string[] | '*' = '*') =>
    environmentSecrets(database, config, { repo: 'app', environment }, named);

  it('keep their secrets when their rules are set again, whatever the case of the name', async () => {
    await set('Production', { approve: true });
    await setKey();
    await set('PRODUCTION', { branches: ['refs/heads/main'], waitMinutes: 5 });
    const [one, ...others] = await listEnvironments(database, 'app');
    expect(one).to.deep.include({ name: 'PRODUCTION', branches: ['refs/heads/main'], approve: false, waitMinutes: 5 });
    expect(others).to.deep.equal([]);
    expect(await secretsIn('production')).to.deep.equal({ KEY: 'a value' });
  });

  it('have secrets that no query for those of the repository finds', async () => {
    await set('production');
    await setKey();
    expect(await secretsForJob(database, config, 'app', '*')).to.deep.equal({});
    expect(await secretsIn('production', ['OTHER'])).to.deep.equal({});
    expect(await secretsIn('staging')).to.deep.equal({});
  });

  it('have secrets that cannot be decrypted for another environment', async () => {
    for (const name of ['production', 'staging']) await set(name);
    await setKey();
    await database.db.updateTable('environment_secrets').set({ environment: 'staging' }).execute();
    await failure('secrets_damaged', () => secretsIn('staging'));
  });

  it('have secrets that a new key encrypts, too', async () => {
    await set('production');
    await setKey();
    const keyId = await rotateKey(database, config);
    expect(await database.db.selectFrom('environment_secrets').select('key_id').execute()).to.deep.equal([
      { key_id: keyId },
    ]);
    expect(await secretsIn('production')).to.deep.equal({ KEY: 'a value' });
  });

  it('lose their secrets and variables when they are removed, or their repository is', async () => {
    const entry = { repo: 'app', environment: 'production', name: 'region', value: 'north' };
    for (const remove of [
      () => removeEnvironment(database, 'app', 'PRODUCTION'),
      () => removeRepository(database, 'app', false),
    ]) {
      await set('production');
      await setKey();
      await setEnvironmentVariable(database, entry);
      await remove();
      for (const table of ['environments', 'environment_secrets', 'environment_variables'] as const)
        expect(await database.db.selectFrom(table).selectAll().execute(), table).to.deep.equal([]);
    }
  });

  it('list and remove single secrets and variables', async () => {
    await set('production');
    for (const value of ['a', 'b']) await setKey('Production', value);
    await setEnvironmentVariable(database, { repo: 'app', environment: 'production', name: 'x', value: '1' });
    expect((await listEnvironmentSecrets(database, 'app', 'production')).map(({ name }) => name)).to.deep.equal([
      'KEY',
    ]);
    expect(await listEnvironmentVariables(database, 'app', 'production')).to.have.length(1);
    const key = { repo: 'app', environment: 'production', name: 'KEY' };
    await removeEnvironmentEntry(database, 'environment_secrets', key);
    await failure('not_found', () => removeEnvironmentEntry(database, 'environment_secrets', key));
    expect(await listEnvironmentSecrets(database, 'app', 'production')).to.deep.equal([]);
  });

  it('are refused with a bad name, for an unknown repository, and in too large a number', async () => {
    for (const name of ['', 'a\nb', 'x'.repeat(256)]) await failure('bad_name', () => set(name));
    await failure('not_found', () => setKey('nothing'));
    await failure('not_found', () => removeEnvironment(database, 'app', 'nothing'));
    const nowhere = { name: 'x', branches: [], approve: false, waitMinutes: 0 };
    await failure('not_found', () => setEnvironment(database, 'other', nowhere));
    for (let count = 0; count < 100; count++) await set(`e${count}`);
    await set('E0');
    await failure('conflict', () => set('one more'));
  });
});
