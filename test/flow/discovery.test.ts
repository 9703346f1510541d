import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { JobId } from '../../src/kernel/model.ts';
import type { RepositoryOptions } from '../../src/observer/add.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

const script = (line: string) => `#!/bin/sh\n${line}\n`;

describe('a commit without workflows', () => {
  let volt: TestVolt;
  const repositories: TestRepository[] = [];

  before(async () => {
    volt = await TestVolt.startAll({}, { slots: 2 });
  });

  after(async () => {
    await volt?.stop();
    for (const repository of repositories) repository.remove();
  });

  async function built(name: string, files: { [path: string]: string }, options: Partial<RepositoryOptions> = {}) {
    const repository = new TestRepository(files, { name });
    repositories.push(repository);
    await volt.observe(repository.path, { branches: ['**'], ...options });
    return { repository, build: await volt.build(repository.head()) };
  }

  it('is a job for each of its projects, and fails where one of them does', async () => {
    const { build } = await built('kinds', {
      'web/package.json': JSON.stringify({ scripts: { test: 'echo "tests of Node"' } }),
      'server/test.sh': script('echo "tests of the server"; exit 1'),
    });
    expect(build.status).to.equal('failure');
    expect(build.jobs.map(({ name, status }) => [name, status])).to.deep.equal([
      ['script', 'failure'],
      ['node', 'success'],
    ]);
  });

  it('has the variables of its repository, also for a workflow, unless the commit sets them itself', async () => {
    const env = { INDEX: 'a mirror', OTHER: 'of the repository' };
    const files = { 'test.sh': script('echo "$INDEX, $OTHER"'), '.volt.yml': 'env: {OTHER: of the commit}\n' };
    const { repository, build } = await built('variables', files, { env });
    const log = ({ jobs: [job] }: typeof build) =>
      readFileSync(logFile(volt.dataDir, { job: job?.id as JobId, attempt: 1 }), 'utf8');
    expect(log(build)).to.include('a mirror, of the commit');
    const workflow =
      'on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4}, {run: ./test.sh}]}}\n';
    const sha = repository.commit('workflow', { '.volt/workflows/a.yml': workflow });
    expect(log(await volt.build(sha))).to.include('a mirror, of the repository');
  });

  it('has the variables of the default branch on a ref that is not trusted, and says so', async () => {
    const { repository, build } = await built('untrusted', {
      'test.sh': script('echo "index: $INDEX"'),
      '.volt.yml': 'env: {INDEX: good}\n',
    });
    expect(build.status).to.equal('success');
    // HEAD stays where it is: it says which branch is the default one
    const folder = join(repository.path, '..', 'side');
    repository.git('worktree', 'add', '--quiet', '-b', 'side', folder);
    writeFileSync(join(folder, '.volt.yml'), 'env: {INDEX: evil}\nlabels: [prod]\ncommand: ./test.sh again\n');
    repository.git('-C', folder, 'commit', '--quiet', '--all', '--message', 'side');
    const sha = repository.git('rev-parse', 'side');
    const side = await volt.build(sha);
    expect(side.status).to.equal('success');
    const log = readFileSync(logFile(volt.dataDir, { job: side.jobs[0]?.id as JobId, attempt: 1 }), 'utf8');
    expect(log).to.include('index: good').and.include('$ ./test.sh again');
    expect(log).to.include(
      'env, labels and image are those of .volt.yml on the default branch, since this ref is not trusted',
    );
  });
});
