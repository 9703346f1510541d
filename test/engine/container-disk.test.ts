import { expect } from 'chai';
import { ContainerDisk } from '../../src/engine/container-disk.ts';
import { removeContainer, startContainer } from '../../src/engine/containers.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { runInContainer } from '../../src/engine/exec.ts';
import { imageName } from '../../src/engine/image-name.ts';
import { imageOf } from '../../src/engine/images.ts';
import { hasEngine, startEngine, type TestEngine, tinyImage } from '../support/engine.ts';
import { sleepingContainer } from '../support/sleeping-container.ts';

describe('the disk that the containers of a job use', function () {
  this.timeout(60_000);
  const labels = { 'volt.record': 'r', 'volt.job': 'j' };
  const megabyte = 1_048_576;
  let test: TestEngine;
  let engine: Engine;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
    engine = await test.connect();
  });
  after(() => test?.stop());

  it('is what they write outside of the folders of the job, into volumes, too', async () => {
    const image = (await imageOf(engine, imageName(tinyImage)))?.id ?? '';
    const plan = sleepingContainer(test, image, labels);
    const id = await startContainer(engine, { ...plan, volumes: [{ to: '/data', readOnly: false }] });
    const other = await startContainer(engine, { ...plan, labels: { ...labels, 'volt.job': 'other' } });
    const write = (container: string, file: string, megabytes: number) =>
      runInContainer(engine.connection, container, {
        argv: ['dd', 'if=/dev/urandom', `of=${file}`, 'bs=1M', `count=${megabytes}`],
        ...{ env: {}, cwd: '/', output: () => undefined },
      });
    try {
      const disk = () => new ContainerDisk(engine, labels).bytes();
      expect(await disk()).to.be.below(megabyte);
      await write(other, '/large', 20);
      await write(id, '/large', 20);
      expect(await disk()).to.be.within(20 * megabyte, 21 * megabyte);
      await write(id, '/data/large', 10);
      expect(await disk()).to.be.within(30 * megabyte, 31 * megabyte);
    } finally {
      for (const each of [id, other]) await removeContainer(engine, each);
    }
    expect(await new ContainerDisk(engine, labels).bytes()).to.equal(0);
  });
});
