import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { BuildGroup } from '../../src/engine/build-group.ts';
import { buildImage } from '../../src/engine/build-image.ts';
import { EngineRefusal } from '../../src/engine/connection.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { imagesWith } from '../../src/engine/images.ts';
import { hasEngine, isRoot, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';

describe('a build of an image', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let test: TestEngine;
  let engine: Engine;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
    engine = await test.connect();
  });
  after(async () => {
    await test?.stop();
    folders.remove();
  });

  /** @returns what it prints */
  async function build(lines: string, group: BuildGroup, args: Record<string, string> = {}): Promise<string> {
    const folder = folders.make();
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${tinyImage}\n${lines}\n`);
    let said = '';
    const files = Readable.from([execFileSync('tar', ['-C', folder, '-c', '.'])]);
    const labels = { 'volt.record': 'built' };
    await buildImage(
      engine,
      {
        ...{ files, dockerfile: 'Dockerfile', tag: 'localhost/volt:1', labels },
        ...{ args, limits: {}, signal: new AbortController().signal },
        output: (text) => {
          said += text;
        },
      },
      group,
    );
    return said;
  }

  /** The folders of its control group that are left. */
  const left = ({ name }: BuildGroup) =>
    ['', ...readdirSync('/sys/fs/cgroup')].map((tree) => join('/sys/fs/cgroup', tree, name)).filter(existsSync);

  it('gives its commands the values of ARG, and leaves an image, but no control group', async () => {
    const group = BuildGroup.make();
    expect(await build('RUN echo "by $HTTP_PROXY"', group, { HTTP_PROXY: 'http://proxy:1' })).to.include(
      '\nby http://proxy:1\n',
    );
    expect(await imagesWith(engine, { 'volt.record': 'built' })).to.have.length(1);
    expect(left(group)).to.deep.equal([]);
  });

  it('removes the control groups that lost runners have left', async function () {
    if (!isRoot) return this.skip();
    const child = spawn('true');
    await once(child, 'exit');
    const groups = [child.pid, process.pid].map((pid) => new BuildGroup(`/volt-build-${pid}-0123456789abcdef`));
    const [lost, living] = groups as [BuildGroup, BuildGroup];
    for (const group of groups) await group.end();
    try {
      expect(left(lost)).to.not.deep.equal([]);
      BuildGroup.make();
      expect(left(lost)).to.deep.equal([]);
      expect(left(living)).to.not.deep.equal([]);
    } finally {
      for (const group of groups) group.remove();
    }
  });

  it('that fails says why, and leaves no control group either', async () => {
    const group = BuildGroup.make();
    const error = await build('RUN exit 3', group).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).to.be.instanceOf(EngineRefusal);
    expect(error.message).to.match(/exit status 3|non-zero code: 3/);
    expect(left(group)).to.deep.equal([]);
  });
});
