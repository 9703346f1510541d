import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';

describe('a version manager in a sandbox', function () {
  this.timeout(120_000);
  const folders = new TestFolders();
  let jobs: IsolatedJobs;

  before(async function () {
    if (!(await isIsolable('sandbox'))) this.skip();
    jobs = new IsolatedJobs('sandbox');
  });
  after(() => {
    jobs?.clean();
    folders.remove();
  });

  function program(path: string, script: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** Runs a command with a folder of a home on the search path. */
  async function withPath(folder: string, command: string): Promise<string> {
    const before = process.env.PATH;
    process.env.PATH = `${folder}:${before}`;
    try {
      return (await jobs.command(command)).log;
    } finally {
      process.env.PATH = before;
    }
  }

  it('finds the program behind a shim', async () => {
    const home = folders.make();
    chmodSync(home, 0o755);
    program(join(home, '.pyenv/shims/tool'), `exec "${home}/.pyenv/versions/3/bin/tool"`);
    program(join(home, '.pyenv/versions/3/bin/tool'), 'echo the real one');
    expect(await withPath(join(home, '.pyenv/shims'), 'tool')).to.include('the real one');
  });

  it('shows the other versions that it has, for a project that asks for one', async () => {
    const home = folders.make();
    chmodSync(home, 0o755);
    program(join(home, '.nvm/versions/node/v99.0.0/bin/tool'), 'echo the other one');
    writeFileSync(join(home, '.nvm/alias'), 'hunter2');
    const before = process.env.HOME;
    process.env.HOME = home;
    try {
      const { log } = await jobs.command(`${home}/.nvm/versions/node/v99.0.0/bin/tool; cat ${home}/.nvm/alias`);
      expect(log).to.include('the other one').and.include('No such file').and.not.include('hunter2');
    } finally {
      process.env.HOME = before;
    }
  });

  it('gets the path of its programs, while private files next to them stay hidden', async () => {
    const home = folders.make();
    chmodSync(home, 0o755);
    program(join(home, '.cargo/bin/tool'), 'exec "$RUSTUP_HOME/toolchains/stable/bin/tool"');
    program(join(home, '.rustup/toolchains/stable/bin/tool'), 'echo the real one');
    writeFileSync(join(home, '.cargo/credentials.toml'), 'hunter2');
    const log = await withPath(join(home, '.cargo/bin'), `tool; cat ${home}/.cargo/credentials.toml`);
    expect(log).to.include('the real one').and.include('No such file').and.not.include('hunter2');
  });
});
