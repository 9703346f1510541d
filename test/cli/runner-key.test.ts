import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseRunnerKey } from '../../src/secrets/runner-key.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { stranger } from '../support/runner-keys.ts';

describe('volt runner-key', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  let redis: TestRedis;
  let data: string;

  before(async () => {
    redis = await startRedis();
    data = folders.make();
    await processes.start(['web', '--port', '0', '--redis', redis.url, '--data', data]).says('ready');
  });

  after(async () => {
    await processes.end();
    await redis.stop();
    folders.remove();
  });

  const run = (...args: string[]) => volt(['runner-key', ...args, '--data', data]);

  it('prints a new key once with `add`, lists it without the private key with `ls`, and revokes it with `rm`', async () => {
    const { stdout } = await run('add', 'build2', '--repos', 'app,site-*');
    const text = /^VOLT_RUNNER_KEY=(\S+) .*volt.* runner --redis /m.exec(stdout)?.[1] ?? '';
    expect(parseRunnerKey(text).name).to.equal('build2');
    const listed = (await run('ls')).stdout;
    expect(listed).to.include('build2').and.include('app site-*').and.include(parseRunnerKey(text).signer.publicKey);
    expect(listed).to.not.include(text.split(':')[2]);
    expect((await run('add', 'build2')).stderr).to.include('name_taken');
    expect((await run('rm', 'build2')).stdout).to.include('revoked the key');
    expect((await run('ls')).stdout).to.include('no keys');
  });

  it('stores the public key of a runner with `add` and prints no private key', async () => {
    const { publicKey } = stranger();
    const { stdout } = await run('add', 'box', '--public-key', publicKey);
    expect(stdout).to.include('registered the key box').and.not.include('VOLT_RUNNER_KEY');
    expect((await run('ls')).stdout).to.include(publicKey);
    expect((await run('add', 'box2', '--public-key', 'x')).code).to.not.equal(0);
  });

  it('writes a new key to a file that only its owner can read with `add`, and does not print it', async () => {
    const file = join(folders.make(), 'key');
    const { stdout } = await run('add', 'build3', '--file', file);
    const text = readFileSync(file, 'utf8').trim();
    expect(parseRunnerKey(text).name).to.equal('build3');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(stdout).to.include(`VOLT_RUNNER_KEY_FILE=${file}`).and.not.include(text.split(':')[2]);
  });
});
