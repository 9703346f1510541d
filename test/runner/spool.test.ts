import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AttemptRef, JobId } from '../../src/kernel/model.ts';
import { leftSpools, Spool } from '../../src/runner/spool.ts';
import { TestFolders } from '../support/folder.ts';
import { until } from '../support/until.ts';

const ref: AttemptRef = { job: '1-1' as JobId, attempt: 1 };
const megabyte = 1_048_576;

describe('a spool', () => {
  const folders = new TestFolders();
  let folder: string;
  let open: Spool[] = [];

  beforeEach(() => {
    folder = join(folders.make(), 'spool');
  });

  afterEach(async () => {
    for (const spool of open) await spool.close();
    open = [];
  });

  after(folders.remove);

  async function create(limit = 100 * megabyte): Promise<Spool> {
    const spool = await Spool.create(folder, ref, limit);
    open.push(spool);
    return spool;
  }

  const all = (spool: Spool) => spool.read(0, spool.bytes);

  it('keeps every byte in order', async () => {
    const spool = await create();
    const pieces = [
      Buffer.from('a\n'),
      Buffer.from([0, 255, 10, 13]),
      Buffer.alloc(0),
      randomBytes(100_000),
      Buffer.from('ä'),
    ];
    for (const piece of pieces) {
      const passing = Buffer.from(piece);
      void spool.append(passing);
      passing.fill('?');
    }
    await spool.settle();
    expect((await all(spool)).equals(Buffer.concat(pieces))).to.equal(true);
    expect(readFileSync(join(folder, '1-1.1.log')).equals(Buffer.concat(pieces))).to.equal(true);
  });

  it('keeps twenty megabytes that come at full speed', async () => {
    const spool = await create();
    const expected = createHash('sha256');
    for (let count = 0; count < 320; count++) {
      const piece = randomBytes(65_536);
      expected.update(piece);
      await spool.append(piece);
    }
    await spool.settle();
    expect(spool.bytes).to.equal(20 * megabyte);
    const found = createHash('sha256');
    for (let offset = 0; offset < spool.bytes; offset += megabyte) found.update(await spool.read(offset, megabyte));
    expect(found.digest('hex')).to.equal(expected.digest('hex'));
  });

  it('pauses the writer only while too much waits for the disk', async () => {
    const spool = await create();
    expect(spool.append(Buffer.alloc(1000))).to.equal(undefined);
    const held = spool.append(Buffer.alloc(2 * megabyte));
    expect(held).to.be.a('promise');
    await held;
    expect(spool.bytes).to.equal(2 * megabyte + 1000);
    expect(spool.append(Buffer.alloc(1000))).to.equal(undefined);
  });

  it('reads any part of the log', async () => {
    const spool = await create();
    await spool.append(Buffer.from('0123456789'));
    await spool.settle();
    const part = async (offset: number, length: number) => (await spool.read(offset, length)).toString();
    expect(await part(0, 3)).to.equal('012');
    expect(await part(8, 100)).to.equal('89');
    expect(await part(10, 5)).to.equal('');
  });

  it('calls back when more is on the disk', async () => {
    const spool = await create();
    const lengths: number[] = [];
    spool.onChange(() => lengths.push(spool.bytes));
    void spool.append(Buffer.from('abc'));
    await until('it is told', () => lengths.length > 0);
    expect(lengths).to.deep.equal([3]);
  });

  it('drops what exceeds its limit, and says so once in the log', async () => {
    const spool = await create(megabyte);
    await spool.append(Buffer.alloc(megabyte - 3, 'a'));
    await spool.append(Buffer.from('bcdef'));
    await spool.append(Buffer.from('ghi'));
    await spool.append(Buffer.alloc(megabyte, 'j'));
    await spool.settle();
    const text = (await all(spool)).toString();
    expect(text.slice(megabyte - 3)).to.equal(
      'bcd\n[volt] the log has reached its limit of 1 MB; what follows is dropped\n',
    );
    expect(text.slice(0, megabyte - 3)).to.match(/^a+$/);
  });

  it('takes exactly its limit without a notice', async () => {
    const spool = await create(megabyte);
    await spool.append(Buffer.alloc(megabyte, 'a'));
    await spool.settle();
    expect(spool.bytes).to.equal(megabyte);
  });

  it('calls back when the disk takes no more, and does not pause the writer', async () => {
    mkdirSync(folder);
    symlinkSync('/dev/full', join(folder, '1-1.1.log'));
    const spool = await create();
    const errors: unknown[] = [];
    spool.onFailure((error) => errors.push(error));
    for (let count = 0; count < 5; count++) await spool.append(Buffer.alloc(megabyte));
    await spool.settle();
    expect(errors.map((error) => (error as NodeJS.ErrnoException).code)).to.include('ENOSPC');
    expect(spool.bytes).to.equal(0);
  });

  it('is found by the next process, with its outcome', async () => {
    const spool = await create();
    await spool.append(Buffer.from('what was said'));
    await spool.settle();
    expect(await leftSpools(folder)).to.deep.equal([{ ref, outcome: undefined }]);
    await spool.keepOutcome(JSON.stringify({ status: 'success' }));
    expect(await leftSpools(folder)).to.deep.equal([{ ref, outcome: { status: 'success' } }]);
    const again = await Spool.reopen(folder, ref);
    expect((await all(again)).toString()).to.equal('what was said');
    await again.close();
  });

  it('is not found where none was left, and other files are ignored', async () => {
    expect(await leftSpools(folder)).to.deep.equal([]);
    mkdirSync(folder);
    for (const name of ['x.log', '1-1.log', '1-1.1.json', '1-1.2.log.draft', '../1-1.3.log'])
      writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, '1-1.4.log'), '');
    writeFileSync(join(folder, '1-1.4.json'), '{"cut off');
    expect(await leftSpools(folder)).to.deep.equal([{ ref: { job: '1-1', attempt: 4 }, outcome: undefined }]);
  });

  it('leaves no file when it is removed', async () => {
    const spool = await Spool.create(folder, ref, megabyte);
    void spool.append(Buffer.from('what was said'));
    await spool.keepOutcome(JSON.stringify({ status: 'success' }));
    await spool.remove();
    expect(await leftSpools(folder)).to.deep.equal([]);
  });

  it('begins empty even if an earlier file exists', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, '1-1.1.log'), 'of another time');
    expect((await create()).bytes).to.equal(0);
    expect(readFileSync(join(folder, '1-1.1.log'), 'utf8')).to.equal('');
  });
});
