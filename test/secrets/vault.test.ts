import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { Vault } from '../../src/secrets/vault.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

const mine = { kind: 'secret', repo: 'app', name: 'TOKEN' } as const;

describe('the vault', () => {
  const folders = new TestFolders();
  after(folders.remove);
  let config: Config;
  let file: string;

  beforeEach(() => {
    config = loadConfig({ dataDir: folders.make() });
    file = join(config.dataDir, 'secrets.key');
  });

  it('creates its key for the owner only, and finds it again', () => {
    const vault = Vault.openOrCreate(config);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(Vault.openOrCreate(config).decrypt(vault.encrypt('öffne dich', mine), mine)).to.equal('öffne dich');
  });

  it('hides a value, and encrypts it differently each time', () => {
    const vault = Vault.openOrCreate(config);
    const first = vault.encrypt('canary', mine);
    expect(Buffer.from(first.box, 'base64').includes('canary')).to.equal(false);
    expect(vault.encrypt('canary', mine).box).to.not.equal(first.box);
  });

  it('does not decrypt a changed value', async () => {
    const vault = Vault.openOrCreate(config);
    const { keyId, box } = vault.encrypt('a value', mine);
    const bytes = Buffer.from(box, 'base64');
    for (const at of [0, 15, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      await failure('secrets_damaged', () => vault.decrypt({ keyId, box: changed.toString('base64') }, mine));
    }
    for (const length of [0, 12, 27, bytes.length - 1]) {
      const cut = bytes.subarray(0, length).toString('base64');
      await failure('secrets_damaged', () => vault.decrypt({ keyId, box: cut }, mine));
    }
  });

  it('does not decrypt for another repository, name or purpose than it was encrypted for', async () => {
    const vault = Vault.openOrCreate(config);
    const encrypted = vault.encrypt('a value', mine);
    for (const other of [
      { ...mine, repo: 'other' },
      { ...mine, repo: null },
      { ...mine, name: 'OTHER' },
      { ...mine, kind: 'credential' as const },
    ]) {
      await failure('secrets_damaged', () => vault.decrypt(encrypted, other));
    }
  });

  it('names the needed and the present key when they differ', async () => {
    const vault = Vault.openOrCreate(config);
    const encrypted = vault.encrypt('a value', mine);
    rmSync(file);
    const other = Vault.openOrCreate(config);
    const { message } = await failure('secrets_key_wrong', () => other.decrypt(encrypted, mine));
    expect(message).to.include(vault.keyId).and.include(other.keyId).and.include('TOKEN of app');
  });

  it('decrypts with earlier keys in the file, and encrypts with the first', () => {
    const former = Vault.openOrCreate(config);
    const encrypted = former.encrypt('a value', mine);
    const vault = Vault.beginRotation(config);
    expect(vault.keyId).to.not.equal(former.keyId);
    expect(vault.decrypt(encrypted, mine)).to.equal('a value');
    expect(vault.encrypt('b', mine).keyId).to.equal(vault.keyId);
    Vault.forgetUnused(config, new Set([former.keyId]));
    expect(Vault.open(config).decrypt(encrypted, mine)).to.equal('a value');
    Vault.forgetUnused(config, new Set());
    expect(Vault.open(config).keyId).to.equal(vault.keyId);
    expect(readFileSync(file, 'utf8')).to.match(/^[0-9a-f]{64}\n$/);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('does not open without a key', async () => {
    const { remedy } = await failure('secrets_key_missing', () => Vault.open(config));
    expect(remedy).to.include('backup');
  });

  it('refuses a key file that others can read or that holds no key', async () => {
    Vault.openOrCreate(config);
    chmodSync(file, 0o640);
    const { remedy } = await failure('secrets_key_bad', () => Vault.open(config));
    expect(remedy).to.include('chmod 600');
    chmodSync(file, 0o600);
    for (const text of ['', '\n', 'short\n', `${'0'.repeat(64)}\nx\n`]) {
      writeFileSync(file, text);
      await failure('secrets_key_bad', () => Vault.open(config));
    }
  });

  it("reads the key from the operator's file, and never creates that file", async () => {
    const named = { ...config, secretsKeyFile: join(folders.make(), 'key') };
    const { remedy } = await failure('secrets_key_missing', () => Vault.openOrCreate(named));
    expect(remedy).to.include('openssl rand -hex 32');
    writeFileSync(named.secretsKeyFile, `${'ab'.repeat(32)}\n`);
    expect(Vault.openOrCreate(named).decrypt(Vault.open(named).encrypt('x', mine), mine)).to.equal('x');
    expect(existsSync(file)).to.equal(false);
  });
});
