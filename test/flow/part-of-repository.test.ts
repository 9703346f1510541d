import { dirname } from 'node:path';
import { expect } from 'chai';
import { Mirror } from '../../src/git/mirror/mirror.ts';
import type { Build } from '../../src/kernel/model.ts';
import { openTrigger } from '../../src/record/intents.ts';
import { type RunnerStage, startRunner } from '../../src/runner/start.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { TestRepository } from '../support/repository.ts';
import { knownKey } from '../support/runner-keys.ts';
import { TestVolt } from '../support/volt.ts';

describe('a repository with a filtered mirror', () => {
  const folders = new TestFolders();
  let volt: TestVolt;
  let runner: RunnerStage;
  let server: GitOverHttp;
  let repository: TestRepository;
  let first: string;
  /** data directory of the runner's machine */
  let elsewhere: string;

  before(async () => {
    const script = '#!/bin/sh\ncat name.txt\n';
    repository = new TestRepository({ 'test.sh': script, 'name.txt': 'old' });
    repository.git('config', 'uploadpack.allowFilter', 'true');
    first = repository.head();
    repository.burst(30);
    repository.git('reset', '--quiet', '--hard');
    repository.commit('another name', { 'name.txt': 'new' });
    server = await GitOverHttp.start(dirname(repository.path), 'ada', 'secret');
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await volt.reporter();
    await volt.dispatcher();
    await volt.observer();
    elsewhere = folders.make();
    const { text: runnerKey } = await knownKey(volt.context.database, 'elsewhere');
    const context = { ...volt.context, config: { ...volt.context.config, dataDir: elsewhere, runnerKey } };
    runner = await startRunner(context, { labels: [], slots: 1, graceSeconds: 0 });
  });

  after(async () => {
    await runner.stop();
    await volt.stop();
    await server.stop();
    repository.remove();
    folders.remove();
  });

  const verdict = ({ status, reason, message, jobs }: Build) =>
    JSON.stringify([status, reason, message, jobs[0]?.steps]);

  it('is built commit by commit on any machine, and at an old commit on request', async () => {
    const url = server.url('sample/.git');
    const { name } = await volt.observe(server.url('sample/.git', 'ada:secret'), {
      pollSeconds: 0.5,
      filter: 'blob:none',
    });
    const build = await volt.build(repository.head());
    expect(build.status, verdict(build)).to.equal('success');
    const added = repository.burst(5);
    for (const sha of added) {
      const next = await volt.build(sha);
      expect(next.status, verdict(next)).to.equal('success');
    }
    for (const { dataDir } of [volt.context.config, { dataDir: elsewhere }])
      expect(await new Mirror(`${dataDir}/mirrors`, url).missingFiles([first])).not.to.deep.equal([]);
    await openTrigger(volt.context.database, name, first);
    const asked = await volt.build(first);
    expect(asked.status, verdict(asked)).to.equal('success');
  });
});
