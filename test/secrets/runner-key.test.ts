import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { leaveVoltKey, ownRunnerKey, publicKeyOfOwnRunner } from '../../src/secrets/runner-key.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';
import { stranger } from '../support/runner-keys.ts';

describe('the key of the runners of a data directory', () => {
  const folders = new TestFolders();
  after(() => folders.remove());

  const runner = (dataDir: string) => ownRunnerKey({ dataDir, host: 'box' });

  it('is created once, leaves its public half for the stages, and gets the key of its Volt', () => {
    const dataDir = folders.make();
    expect(publicKeyOfOwnRunner(dataDir)).to.equal(undefined);
    const first = runner(dataDir);
    expect(first.voltKey()).to.equal(undefined);
    expect(runner(dataDir).signer.publicKey).to.equal(first.signer.publicKey);
    expect(publicKeyOfOwnRunner(dataDir)).to.equal(first.signer.publicKey);
    const { publicKey } = stranger();
    leaveVoltKey(dataDir, publicKey);
    expect(first.voltKey()).to.equal(publicKey);
  });

  it('is readable for the runner only', () => {
    const dataDir = folders.make();
    const { signer } = runner(dataDir);
    rmSync(dirname(dataPaths(dataDir).runnerKey), { recursive: true });
    expect(publicKeyOfOwnRunner(dataDir)).to.equal(signer.publicKey);
    expect(existsSync(dataPaths(dataDir).runnerKey)).to.equal(false);
  });

  it('is not read from a link, a pipe, a folder or a large file', () => {
    const dataDir = folders.make();
    const { runnerPublicKey: file } = dataPaths(dataDir);
    mkdirSync(dirname(file));
    const { publicKey } = stranger();
    const elsewhere = join(folders.make(), 'key');
    writeFileSync(elsewhere, publicKey);
    const found = (make: () => unknown) => {
      rmSync(file, { recursive: true, force: true });
      make();
      return publicKeyOfOwnRunner(dataDir);
    };
    expect(found(() => symlinkSync(elsewhere, file))).to.equal(undefined);
    expect(found(() => spawnSync('sh', ['-c', 'mkfifo "$0"', file]))).to.equal(undefined);
    expect(found(() => mkdirSync(file))).to.equal(undefined);
    expect(found(() => writeFileSync(file, publicKey + ' '.repeat(200)))).to.equal(undefined);
    expect(found(() => writeFileSync(file, `${publicKey}\n`))).to.equal(publicKey);
  });

  it('is not read through a link by its own runner either', async () => {
    const dataDir = folders.make();
    const { runnerKey: file } = dataPaths(dataDir);
    mkdirSync(dirname(file));
    const elsewhere = join(folders.make(), 'key');
    writeFileSync(elsewhere, stranger().publicKey);
    symlinkSync(elsewhere, file);
    const { remedy } = await failure('data_unwritable', async () => runner(dataDir));
    expect(remedy).to.include('Remove it');
  });
});

describe('the public key of Volt', () => {
  const folders = new TestFolders();
  after(() => folders.remove());

  it('replaces a link, and not its target', () => {
    const dataDir = folders.make();
    const { voltKey: file, token } = dataPaths(dataDir);
    writeFileSync(token, 'the token');
    mkdirSync(dirname(file));
    symlinkSync(token, file);
    const { publicKey } = stranger();
    leaveVoltKey(dataDir, publicKey);
    expect(readFileSync(token, 'utf8')).to.equal('the token');
    expect(readFileSync(file, 'utf8')).to.equal(`${publicKey}\n`);
  });
});
