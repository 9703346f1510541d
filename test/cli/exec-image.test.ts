import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

const script = { 'test.sh': '#!/bin/sh\ntest -e /bin/busybox && echo "as $(id -u)"; sudo touch made\n' };

describe('volt exec --image', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  const repositories: TestRepository[] = [];
  after(() => {
    for (const repository of repositories) repository.remove();
    folders.remove();
  });

  async function exec(files: Record<string, string>, env: Record<string, string>, ...args: string[]) {
    const repository = new TestRepository(files);
    repositories.push(repository);
    const cache = folders.make();
    return volt(['exec', '--verbose', ...args], {
      cwd: repository.path,
      env: { XDG_CACHE_HOME: cache, VOLT_IMAGE_PULL: 'never', ...env },
    });
  }

  it('says what is missing where there is no engine', async () => {
    const { code, stdout } = await exec(script, { VOLT_ENGINE: '/nowhere/engine.sock' }, '--image', tinyImage);
    expect(code).to.equal(3);
    expect(stdout)
      .to.include('/nowhere/engine.sock')
      .and.match(/engine_failed|container engine/);
  });

  describe('with an engine', () => {
    let engine: TestEngine;
    before(async function () {
      if (!hasEngine()) return this.skip();
      engine = await startEngine();
    });
    after(async () => engine?.stop());

    it('runs the tests in the image, whatever .volt.yml names', async () => {
      const files = { ...script, '.volt.yml': 'image: absent:1\n' };
      const { code, stdout } = await exec(files, { VOLT_ENGINE: engine.socket }, '--image', tinyImage);
      expect(code, stdout).to.equal(0);
      expect(stdout).to.include('runs in the image tiny:1: --image names it').and.include('as 0');
    });

    it('runs jobs of a workflow in the image of their label, and leaves those that name a container', async () => {
      const step = '{ run: "test -e /bin/busybox && echo in it" }';
      const workflow = `on: push\njobs:\n  a: { runs-on: ubuntu-latest, steps: [${step}] }\n  b: { runs-on: x, container: absent:1, steps: [${step}] }\n`;
      const files = { '.github/workflows/a.yml': workflow };
      const env = { VOLT_ENGINE: engine.socket };
      const { code, stdout } = await exec(files, env, '--image', `ubuntu-latest=${tinyImage}`);
      expect(code, stdout).to.equal(3);
      expect(stdout)
        .to.include('this runner has it for the label ubuntu-latest')
        .and.include('in it')
        .and.match(/absent:1 is not to be had/);
    });

    it('refuses what no image can be called', async () => {
      const { code, stderr } = await exec(script, {}, '--image', 'Node:22');
      expect(code).to.equal(2);
      expect(stderr).to.include('"Node:22" is not an image');
    });
  });
});
