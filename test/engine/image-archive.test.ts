import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Engine } from '../../src/engine/engine.ts';
import { checkedArchive } from '../../src/engine/image-archive.ts';
import { imageName } from '../../src/engine/image-name.ts';
import { imageOf, imagesWith, removeImage } from '../../src/engine/images.ts';
import { tarEnd, tarHeader, tarPadding } from '../../src/engine/tar-entries.ts';
import { loadImage } from '../../src/engine/transfer-image.ts';
import { hasEngine, startEngine, type TestEngine } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';

/** A tar archive. */
function tar(files: Record<string, Buffer | string>): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const content = Buffer.from(text);
    return [tarHeader(name, content.length), content, tarPadding(content.length)];
  });
  return Buffer.concat([...parts, tarEnd]);
}

/** Why the work fails. */
const whyNot = (work: Promise<unknown>) =>
  work.then(
    () => 'it does not fail',
    (error: Error) => error.message,
  );
const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const layer = tar({ 'word.txt': 'a word\n' });

interface Forgery {
  /** in the description, instead of the layer's own */
  digest?: string;
  names?: string[];
  labels?: Record<string, string>;
  /** further images in the manifest */
  others?: object[];
  layers?: string[];
}

/** An archive as `docker save` writes it. */
function archive({ digest = digestOf(layer), names = [], labels = {}, others = [], layers = ['layer.tar'] }: Forgery) {
  const config = {
    ...{ architecture: 'amd64', os: 'linux', config: { User: 'node', Labels: labels } },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: names, Layers: layers }, ...others];
  return tar({ 'layer.tar': layer, 'config.json': JSON.stringify(config), 'manifest.json': JSON.stringify(manifest) });
}

describe('the archive of an image that a job has built', function () {
  this.timeout(60_000);
  const folders = new TestFolders();
  let engine: TestEngine | undefined;
  let client: Engine;
  const name = 'localhost/volt:own';
  const labels = { 'volt.record': 'ours' };
  before(async () => {
    if (!hasEngine()) return;
    engine = await startEngine();
    client = await engine.connect();
  });
  after(async () => {
    await engine?.stop();
    folders.remove();
  });

  async function open<T>(content: Buffer, use: (descriptor: number) => Promise<T>): Promise<T> {
    const file = join(folders.make(), 'image.tar');
    writeFileSync(file, content);
    const descriptor = openSync(file, 'r');
    try {
      return await use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  async function check(content: Buffer, limit?: number): Promise<string> {
    return open(content, async (descriptor) => {
      const chunks: Buffer[] = [];
      for await (const chunk of checkedArchive({ descriptor, name, labels, limit })) chunks.push(chunk);
      return Buffer.concat(chunks).toString('latin1');
    });
  }

  it('keeps the image, and gets the name and the labels of Volt instead of its own', async () => {
    const text = await check(
      archive({ names: ['docker.io/library/node:22'], labels: { own: 'kept', 'volt.record': 'another' } }),
    );
    expect(text)
      .to.include('"RepoTags":["localhost/volt:own"]')
      .and.include('"Labels":{"own":"kept","volt.record":"ours"}')
      .and.include('a word\n')
      .and.not.include('library/node');
  });

  const forgeries: Record<string, [content: Buffer, told: string]> = {
    'with two images': [archive({ others: [{ Config: 'config.json', Layers: ['layer.tar'] }] }), 'exactly one image'],
    'whose layer is not the one that it names, which the engine may have of a private image': [
      archive({ digest: '0'.repeat(64) }),
      'not what the image says',
    ],
    'that names more layers than it has': [archive({ layers: ['layer.tar', 'layer.tar'] }), 'does not have the layers'],
    'without its layer': [archive({ layers: ['/etc/passwd'] }), 'lacks a part'],
    'without a description': [tar({ 'layer.tar': layer }), 'lacks a part'],
    'that is cut off': [archive({}).subarray(0, 700), 'cut off'],
    'of a file without an end': [Buffer.alloc(4096, 'x'), 'damaged'],
  };
  for (const [what, [content, told]] of Object.entries(forgeries)) {
    it(`${what} is refused`, async () => {
      expect(await whyNot(check(content))).to.include(told);
    });
  }

  it('has no more bytes than the job may write', async () => {
    expect(await whyNot(check(archive({}), 100))).to.include('VOLT_JOB_DISK');
  });

  it('gives the engine an image under one name, or none at all', async function () {
    if (!engine) return this.skip();
    const image = { name, labels, limit: undefined };
    const { signal } = new AbortController();
    const load = (content: Buffer) =>
      open(content, (descriptor) => loadImage(client, { descriptor, ...image }, signal));
    const forged = await whyNot(load(archive({ digest: '0'.repeat(64), names: ['docker.io/library/tiny:1'] })));
    expect(forged).to.include('not what the image says');
    expect(await imageOf(client, imageName(name))).to.equal(undefined);
    const before = await imageOf(client, imageName('tiny:1'));
    await load(archive({ names: ['docker.io/library/tiny:1'] }));
    const loaded = await imageOf(client, imageName(name));
    expect(loaded).to.deep.include({ names: [name], user: 'node' });
    expect((await imageOf(client, imageName('tiny:1')))?.id).to.equal(before?.id);
    expect(await imagesWith(client, labels)).to.deep.equal([loaded?.id]);
    await removeImage(client, loaded?.id ?? '');
  });
});
