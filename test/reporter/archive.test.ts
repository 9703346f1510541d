import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { AttemptRef, JobId } from '../../src/kernel/model.ts';
import { Archive } from '../../src/reporter/archive.ts';
import { TestFolders } from '../support/folder.ts';

const ref: AttemptRef = { job: '1-1' as JobId, attempt: 1 };

describe('the archive of logs', () => {
  const folders = new TestFolders();
  let dataDir: string;
  let archive: Archive;
  const open: Archive[] = [];

  beforeEach(() => {
    dataDir = folders.make();
    archive = another();
  });

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  after(folders.remove);

  function another(): Archive {
    const each = new Archive(dataDir);
    open.push(each);
    return each;
  }

  const append = (offset: number, text: string, by = archive) => by.append(ref, offset, Buffer.from(text));
  const content = (of = ref) => readFileSync(logFile(dataDir, of), 'utf8');

  it('grows by chunks, and returns its length', async () => {
    expect(await archive.length(ref)).to.equal(0);
    expect(await append(0, 'one ')).to.equal(4);
    expect(await append(4, 'two')).to.equal(7);
    expect(content()).to.equal('one two');
    expect(await archive.length(ref)).to.equal(7);
  });

  it('refuses a chunk beyond its end, and stays a prefix of the log', async () => {
    await append(0, 'one ');
    expect(await append(8, 'three')).to.equal(4);
    expect(content()).to.equal('one ');
    await append(4, 'two ');
    expect(await append(8, 'three')).to.equal(13);
    expect(content()).to.equal('one two three');
  });

  it('keeps a log that another reporter creates while this one opens it', async () => {
    // the other's piece comes between any two of its steps: those that it waits for are over when the loop stands still
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    for (let steps = 0; steps < 40; steps++) {
      const begun: AttemptRef = { job: `${steps}-1` as JobId, attempt: 1 };
      mkdirSync(dirname(logFile(dataDir, begun)), { recursive: true });
      const appended = archive.append(begun, 4, Buffer.from('two '));
      for (let step = steps % 10; step > 0; step--) {
        standStill();
        await new Promise(setImmediate);
      }
      standStill();
      const isFirst = !existsSync(logFile(dataDir, begun));
      if (isFirst) writeFileSync(logFile(dataDir, begun), 'one ');
      const told = await appended;
      expect(content(begun)).to.equal(isFirst ? 'one two '.slice(0, told) : '');
      if (isFirst) expect(told, 'what the other has told').to.be.at.least(4);
    }
  });

  it('appends only the new part of a chunk', async () => {
    await append(0, 'one two');
    expect(await append(0, 'one')).to.equal(7);
    expect(await append(4, 'two')).to.equal(7);
    expect(await append(4, 'two three')).to.equal(13);
    expect(await append(13, '')).to.equal(13);
    expect(content()).to.equal('one two three');
  });

  for (const hasAnother of [false, true]) {
    const which = hasAnother ? ', by another name as well' : '';
    it(`replaces a log from before the start of its attempt${which}, also for reporters that have it open`, async () => {
      const other = another();
      await append(0, 'of a former life', other);
      await append(0, 'of a former life');
      if (hasAnother) linkSync(logFile(dataDir, ref), join(dataDir, 'other'));
      await archive.begin(ref);
      expect(await archive.length(ref)).to.equal(0);
      expect(await append(0, 'of this ')).to.equal(8);
      expect(await append(8, 'one', other)).to.equal(11);
      expect(content()).to.equal('of this one');
      await archive.begin({ ...ref, attempt: 2 });
      expect(await archive.length({ ...ref, attempt: 2 })).to.equal(0);
    });
  }

  it('has one file for each attempt', async () => {
    const others = [
      { ...ref, attempt: 2 },
      { job: '1-2' as JobId, attempt: 1 },
      { job: '2-1' as JobId, attempt: 1 },
    ];
    await append(0, 'first');
    for (const other of others) await archive.append(other, 0, Buffer.from(other.job));
    expect(content()).to.equal('first');
    for (const other of others) expect(content(other)).to.equal(other.job);
  });

  it('is the same for chunks in any order, repeated, and with several reporters', async () => {
    const text = Array.from({ length: 200 }, (_, index) => `line ${index}\n`).join('');
    const pieces: { offset: number; data: Buffer }[] = [];
    for (let offset = 0; offset < text.length; offset += 37)
      pieces.push({ offset, data: Buffer.from(text.slice(offset, offset + 37)) });
    const writers = [archive, another(), another()];
    // as after lost acknowledgements: everything is sent until it is there
    while ((await archive.length(ref)) < text.length) {
      await Promise.all(
        pieces.flatMap(({ offset, data }, index) => [
          writers[index % 3]?.append(ref, offset, data),
          writers[(index + 1) % 3]?.append(ref, offset, data),
        ]),
      );
    }
    expect(content()).to.equal(text);
  });

  it('continues a log of another reporter', async () => {
    await append(0, 'one ');
    await archive.close();
    const next = another();
    expect(await append(4, 'two', next)).to.equal(7);
    expect(content()).to.equal('one two');
  });

  it('continues after what another reporter has appended meanwhile', async () => {
    await append(0, 'one ');
    const other = another();
    await append(4, 'two ', other);
    expect(await append(8, 'three')).to.equal(13);
    expect(content()).to.equal('one two three');
  });

  it('keeps every byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await archive.append(ref, 0, bytes);
    expect(readFileSync(logFile(dataDir, ref)).equals(bytes)).to.equal(true);
  });

  it('reports a reached length at once, and waits for a later one', async () => {
    await append(0, 'one');
    expect(await archive.reaches(ref, 3, 0)).to.equal(true);
    expect(await archive.reaches(ref, 4, 0)).to.equal(false);
    const reaching = archive.reaches(ref, 7, 3_600_000);
    await append(3, ' two');
    expect(await reaching).to.equal(true);
  });

  it('notices growth by another reporter', async () => {
    const reaching = archive.reaches(ref, 3, 3_600_000);
    await append(0, 'one', another());
    expect(await reaching).to.equal(true);
  });

  it('is complete at once for an empty log', async () => {
    expect(await archive.reaches(ref, 0, 0)).to.equal(true);
  });

  it('fails when the disk is full, and continues other logs', async () => {
    const file = logFile(dataDir, ref);
    mkdirSync(dirname(file), { recursive: true });
    symlinkSync('/dev/full', file);
    const error = await append(0, 'one').catch((reason: NodeJS.ErrnoException) => reason);
    expect(error).to.have.property('code', 'ENOSPC');
    expect(await archive.append({ ...ref, attempt: 2 }, 0, Buffer.from('two'))).to.equal(3);
  });

  it('keeps an existing file', async () => {
    const file = logFile(dataDir, ref);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'one ');
    expect(await append(0, 'one two')).to.equal(7);
  });
});
