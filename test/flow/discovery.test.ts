import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { JobId } from '../../src/kernel/model.ts';
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

  async function built(name: string, files: { [path: string]: string }) {
    const repository = new TestRepository(files, { name });
    repositories.push(repository);
    await volt.observe(repository.path, { branches: ['**'] });
    return { repository, build: await volt.build(repository.head()) };
  }

  it('is a job for each of its projects, and fails where one of them does', async () => {
    const { build } = await built('kinds', {
      'package.json': JSON.stringify({ scripts: { test: 'echo "tests of Node"' } }),
      'tests/test_a.py':
        'import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.fail("tests of Python")\n',
    });
    expect(build.status).to.equal('failure');
    expect(build.jobs.map(({ name, status }) => [name, status])).to.deep.equal([
      ['node', 'success'],
      ['python', 'failure'],
    ]);
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
      'env and labels are those of .volt.yml on the default branch, since this ref is not trusted',
    );
  });
});
