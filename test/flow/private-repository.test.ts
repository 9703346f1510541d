import { expect } from 'chai';
import { fingerprintsOf, makeDeployKey } from '../../src/git/access/deploy-key.ts';
import type { Build } from '../../src/kernel/model.ts';
import { removeCredential, setCredential } from '../../src/record/credentials.ts';
import { type RunnerStage, startRunner } from '../../src/runner/start.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverSsh, hasSshd } from '../support/git-over-ssh.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { TestVolt } from '../support/volt.ts';

describe('a private repository', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  let runner: RunnerStage;
  let runnerKey: string;
  let server: GitOverSsh;
  let repository: TestRepository;

  before(async function () {
    if (!hasSshd()) return this.skip();
    server = await GitOverSsh.start();
    repository = new TestRepository({ 'test.sh': '#!/bin/sh\ngit ls-remote origin && exit 1\ntrue\n' });
    volt = await TestVolt.start({ tryAgain: 'off' });
    volt.context.logger.silent = true;
    await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
    // as on another machine: no mirror, no database, no key but its own
    runnerKey = (await knownKey(volt.context.database, 'elsewhere')).text;
    const context = { ...volt.context, config: { ...volt.context.config, dataDir: folders.make(), runnerKey } };
    runner = await startRunner(context, { labels: [], slots: 1, graceSeconds: 0 });
  });

  after(async () => {
    await runner?.stop();
    await volt?.stop();
    await server?.stop();
    repository?.remove();
    folders.remove();
  });

  const verdict = ({ status, reason, message, jobs }: Build) =>
    JSON.stringify([status, reason, message, jobs[0]?.steps]);

  it('is built on another machine with its deploy key, which its jobs do not get', async () => {
    const { name } = await volt.observe(server.url(repository.path), { pollSeconds: 0.5 });
    const key = await makeDeployKey('volt');
    server.allow(key.publicKey);
    const knownHosts = server.knownHosts();
    const { database, config } = volt.context;
    await setCredential(database, config, name, {
      shown: { kind: 'ssh', user: null, publicKey: key.publicKey, hostKeys: await fingerprintsOf(knownHosts) },
      credential: { kind: 'ssh', privateKey: key.privateKey, knownHosts },
    });
    const build = await volt.build(repository.head());
    expect(build.status, verdict(build)).to.equal('success');
  });

  it('that can no longer be fetched ends in error, not in failure', async () => {
    // the observer can still fetch it and offers it; the runner fetches too late
    const sha = repository.commit('one more');
    await runner.stop();
    await volt.build(sha, ({ status }) => status === 'queued');
    await removeCredential(volt.context.database, 'sample');
    const context = { ...volt.context, config: { ...volt.context.config, dataDir: folders.make(), runnerKey } };
    runner = await startRunner(context, { labels: [], slots: 1, graceSeconds: 0 });
    const build = await volt.build(sha);
    expect([build.status, build.reason]).to.deep.equal(['error', 'fetch_failed']);
    expect(build.message).to.include('volt credential set');
  });
});
