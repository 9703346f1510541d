import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { imageName } from '../../src/engine/image-name.ts';
import { imageOf } from '../../src/engine/images.ts';
import { pruneImages } from '../../src/engine/prune-images.ts';
import { PulledImages } from '../../src/engine/pulled-images.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { hasEngine, startEngine, type TestEngine } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';

describe('pruning images', () => {
  const folders = new TestFolders();
  let test: TestEngine;
  before(async function () {
    if (!hasEngine()) return this.skip();
    test = await startEngine();
  });
  after(async () => {
    await test?.stop();
    folders.remove();
  });

  const now = Date.now();
  const gigabyte = 1_073_741_824;
  const has = async (name: string) => (await imageOf(await test.connect(), imageName(name))) !== undefined;
  const prune = (dataDir: string, imageLimit: number, dryRun = false) =>
    pruneImages(loadConfig({ dataDir, imageLimit, engine: test.socket }), dryRun, now);

  /** Makes an image as if Volt had pulled it. @param hours since its last use */
  async function pulled(dataDir: string, name: string, hours: number): Promise<string> {
    await test.makeImage(name, `LABEL made=${name}-${hours}`);
    const { id = '' } = (await imageOf(await test.connect(), imageName(name))) ?? {};
    new PulledImages(dataDir).add({ id, name: imageName(name).full, bytes: gigabyte });
    const folder = join(dataDir, 'engine/images');
    const file = readdirSync(folder).find((each) => readFileSync(join(folder, each), 'utf8').includes(id)) ?? '';
    const usedAt = new Date(now - hours * 3_600_000);
    utimesSync(join(folder, file), usedAt, usedAt);
    return id;
  }

  it('removes the least recently used until the rest fits into the limit', async () => {
    const dataDir = folders.make();
    await pulled(dataDir, 'newest:1', 1);
    await pulled(dataDir, 'oldest:1', 3);
    await pulled(dataDir, 'middle:1', 2);
    expect(await prune(dataDir, 3)).to.deep.equal([]);
    expect(await prune(dataDir, 0), 'without a limit').to.deep.equal([]);
    const oldest = { name: 'docker.io/library/oldest:1', bytes: gigabyte };
    expect(await prune(dataDir, 2, true), 'in a dry run').to.deep.equal([oldest]);
    expect(await has('oldest:1')).to.equal(true);
    expect(await prune(dataDir, 2)).to.deep.equal([oldest]);
    expect(await prune(dataDir, 2), 'a second time').to.deep.equal([]);
    expect([await has('oldest:1'), await has('middle:1'), await has('newest:1')]).to.deep.equal([false, true, true]);
  });

  it('keeps images that a container uses, or that a job has just asked for', async () => {
    const dataDir = folders.make();
    await pulled(dataDir, 'used:1', 9);
    await pulled(dataDir, 'asked:1', 0);
    await test.podman('create', '--name', 'user', 'used:1', 'true');
    expect(await prune(dataDir, 0.1)).to.deep.equal([]);
    await test.podman('rm', 'user');
    expect((await prune(dataDir, 0.1)).map(({ name }) => name)).to.deep.equal(['docker.io/library/used:1']);
    expect(await has('asked:1')).to.equal(true);
  });

  it('removes nothing that Volt has not pulled', async () => {
    const dataDir = folders.make();
    await test.makeImage('own:1');
    const id = await pulled(dataDir, 'both:1', 5);
    await test.podman('tag', 'both:1', 'docker.io/library/persons:1');
    await pulled(dataDir, 'replaced:1', 4);
    await test.makeImage('replaced:1', 'LABEL made=by-a-person');
    await prune(dataDir, 0.1);
    expect(await has('both:1')).to.equal(false);
    expect((await imageOf(await test.connect(), imageName('persons:1')))?.id).to.equal(id);
    expect([await has('own:1'), await has('replaced:1'), await has('tiny:1')]).to.deep.equal([true, true, true]);
  });

  it('removes an older version of an image, which has lost its name to a newer one', async () => {
    const dataDir = folders.make();
    const older = await pulled(dataDir, 'moving:1', 5);
    await pulled(dataDir, 'moving:1', 1);
    await prune(dataDir, 1);
    expect(await imageOf(await test.connect(), older)).to.equal(undefined);
    expect(await has('moving:1')).to.equal(true);
  });

  it('does not ask the engine as long as all fits', async () => {
    const dataDir = folders.make();
    new PulledImages(dataDir).add({ id: 'sha256:x', name: 'docker.io/library/x:1', bytes: gigabyte });
    const engine = join(dataDir, 'absent.sock');
    expect(await pruneImages(loadConfig({ dataDir, imageLimit: 2, engine }), false, now)).to.deep.equal([]);
  });
});
