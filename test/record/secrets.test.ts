import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import type { Database } from '../../src/record/database.ts';
import { ensureHook, hookKeysOf } from '../../src/record/hooks.ts';
import { addProvider, providerWithSecret } from '../../src/record/providers.ts';
import { keyProblem, rotateKey } from '../../src/record/secret-key.ts';
import { listSecrets, removeSecret, secretsForJob, setSecret } from '../../src/record/secrets.ts';
import { listVariables, removeVariable, setVariable } from '../../src/record/variables.ts';
import { Vault } from '../../src/secrets/vault.ts';
import { only } from '../support/database.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { observed, openRecord } from '../support/record.ts';

describe('secrets', () => {
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

  const set = (name: string, value: string, repo: string | null = 'app') =>
    setSecret(database, config, { repo, name, value });
  const names = async (repo: string | null) => (await listSecrets(database, repo)).map(({ name }) => name);
  const rows = () => database.db.selectFrom('secrets').selectAll().orderBy('name').execute();

  it('are kept for a repository or for all of them, under names in capitals', async () => {
    await set('token', 'a');
    await set('Token', 'b', null);
    await set('other', 'c', null);
    expect(await names('app')).to.deep.equal(['TOKEN']);
    expect(await names(null)).to.deep.equal(['OTHER', 'TOKEN']);
  });

  it('are replaced, not added, when they are set again', async () => {
    for (const repo of ['app', null]) for (const value of ['a', 'b']) await set('TOKEN', value, repo);
    expect(await rows()).to.have.length(2);
  });

  only.sqlite('are in no file in plain text', async () => {
    await set('TOKEN', 'canary-value');
    const files = ['volt.db', 'volt.db-wal'].map((name) => readFileSync(join(config.dataDir, name)));
    expect(Buffer.concat(files).includes('TOKEN')).to.equal(true);
    expect(Buffer.concat(files).includes('canary-value')).to.equal(false);
  });

  it('are removed, also with their repository', async () => {
    await set('ONE', 'a');
    await set('TWO', 'b');
    await set('ALL', 'c', null);
    await removeSecret(database, 'app', 'one');
    expect(await names('app')).to.deep.equal(['TWO']);
    await database.db.deleteFrom('repositories').where('name', '=', 'app').execute();
    expect((await rows()).map(({ name }) => name)).to.deep.equal(['ALL']);
  });

  it('cannot be set for an unknown repository, nor removed if they do not exist', async () => {
    await failure('not_found', () => set('TOKEN', 'a', 'other'));
    await failure('not_found', () => removeSecret(database, 'app', 'TOKEN'));
    await failure('not_found', () => removeSecret(database, null, 'TOKEN'));
  });

  it('are limited to a hundred of one owner; existing ones can still be replaced', async () => {
    for (let count = 0; count < 100; count++) await set(`S${count}`, 'x');
    await failure('conflict', () => set('MORE', 'x'));
    await set('S99', 'y');
    await set('MORE', 'x', null);
  });

  it('get no new key if their key is lost', async () => {
    await set('TOKEN', 'a');
    rmSync(join(config.dataDir, 'secrets.key'));
    await failure('secrets_key_missing', () => set('OTHER', 'b'));
    await failure('secrets_key_missing', () => rotateKey(database, config));
  });

  it('are reported if their key is missing or another one', async () => {
    expect(await keyProblem(database, config)).to.equal(undefined);
    await set('TOKEN', 'a');
    expect(await keyProblem(database, config)).to.equal(undefined);
    writeFileSync(join(config.dataDir, 'secrets.key'), `${'ab'.repeat(32)}\n`);
    expect((await keyProblem(database, config))?.code).to.equal('secrets_key_wrong');
    rmSync(join(config.dataDir, 'secrets.key'));
    expect((await keyProblem(database, config))?.code).to.equal('secrets_key_missing');
  });

  it('for all repositories are never in the environment of jobs automatically', async () => {
    await failure('bad_request', () =>
      setSecret(database, config, { repo: null, name: 'A', value: 'x', inEnvironment: true }),
    );
  });

  it('are all encrypted again with a new key, and the former key is removed', async () => {
    await set('TOKEN', 'a');
    await set('TOKEN', 'b', null);
    await ensureHook(database, config, 'app', { rotate: false, key: 'made by the forge' });
    const about = {
      name: 'corp',
      kind: 'oidc',
      url: 'https://id.example',
      clientId: 'volt',
      createdBy: 'owner',
    } as const;
    await addProvider(database, config, { ...about, clientSecret: 'that of a provider' });
    const former = Vault.open(config).keyId;
    const keyId = await rotateKey(database, config);
    expect(keyId).to.not.equal(former);
    const values = (await rows()).map(({ repo, name, value, key_id }) => {
      expect(key_id).to.equal(keyId);
      return Vault.open(config).decrypt({ box: value, keyId: key_id }, { kind: 'secret', repo, name });
    });
    expect(values).to.have.members(['a', 'b']);
    expect((await hookKeysOf(database, config, 'app'))?.key).to.equal('made by the forge');
    expect((await providerWithSecret(database, config, 'corp')).clientSecret).to.equal('that of a provider');
    expect(readFileSync(join(config.dataDir, 'secrets.key'), 'utf8')).to.match(/^[0-9a-f]{64}\n$/);
  });

  it('survive two key rotations at once, and one that fails', async () => {
    await set('TOKEN', 'a');
    await Promise.all([rotateKey(database, config), rotateKey(database, config)]);
    expect(await secretsForJob(database, config, 'app', '*')).to.deep.equal({ TOKEN: 'a' });
    const file = join(config.dataDir, 'secrets.key');
    const keys = `${'ab'.repeat(32)}\n`;
    writeFileSync(file, keys);
    await failure('secrets_key_wrong', () => rotateKey(database, config));
    expect(readFileSync(file, 'utf8')).to.equal(keys);
  });

  it('are independent of variables, which are stored in plain text', async () => {
    await set('NAME', 'hidden');
    await setVariable(database, { repo: 'app', name: 'name', value: 'shown' });
    await setVariable(database, { repo: null, name: 'NAME', value: 'for all' });
    expect((await listVariables(database, 'app')).map(({ name, value }) => [name, value])).to.deep.equal([
      ['NAME', 'shown'],
    ]);
    await removeVariable(database, 'app', 'NAME');
    expect(await listVariables(database, 'app')).to.deep.equal([]);
    expect(await listVariables(database, null)).to.have.length(1);
    expect(await names('app')).to.deep.equal(['NAME']);
  });
});
