import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownProcess } from '../../src/redis/process.ts';
import { takeWorkFolder } from '../../src/runner/work-folder.ts';
import { startChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

const taker = `
  import { takeWorkFolder } from './src/runner/work-folder.ts';
  const [work, wanted] = process.argv.slice(-2);
  console.log(takeWorkFolder(work, 'box', wanted === 'any' ? undefined : wanted).name);
  setInterval(() => {}, 1000);
`;

describe("a runner's folder", () => {
  const folders = new TestFolders();
  let work: string;

  beforeEach(() => {
    work = join(folders.make(), 'work');
  });

  after(folders.remove);

  it('is called like the machine, the next one with a number', () => {
    const names = [1, 2, 3].map(() => takeWorkFolder(work, 'box', undefined));
    expect(names.map(({ name }) => name)).to.deep.equal(['box', 'box-2', 'box-3']);
    for (const { name, path } of names) expect(path).to.equal(join(work, name));
  });

  it('that was given back is taken first, with what is in it', () => {
    const [first, second] = [takeWorkFolder(work, 'box', undefined), takeWorkFolder(work, 'box', undefined)];
    writeFileSync(join(first.path, 'left'), '');
    first.release();
    expect(takeWorkFolder(work, 'box', undefined).path).to.equal(first.path);
    expect(existsSync(join(first.path, 'left'))).to.equal(true);
    second.release();
  });

  it('may be called as one wants, and is had by one at a time', async () => {
    const wanted = takeWorkFolder(work, 'box', 'big');
    expect(wanted.name).to.equal('big');
    const error = await failure('name_taken', () => takeWorkFolder(work, 'box', 'big'));
    expect(error.message).to.include('"big"');
    expect(takeWorkFolder(work, 'box', undefined).name).to.equal('box');
    wanted.release();
    takeWorkFolder(work, 'box', 'big');
  });

  it('of another process is left to that, until it is killed', async () => {
    const child = startChild(taker, { args: [work, 'any'] });
    expect(await child.line()).to.equal('box');
    expect(takeWorkFolder(work, 'box', undefined).name).to.equal('box-2');
    await failure('name_taken', () => takeWorkFolder(work, 'box', 'box'));
    await child.kill();
    expect(takeWorkFolder(work, 'box', 'box').name).to.equal('box');
  });

  it('is rid of the checkouts that an earlier process was killed over, and keeps what it had to report', () => {
    const folder = takeWorkFolder(work, 'box', undefined);
    for (const name of ['jobs/1-1.1', 'spool']) mkdirSync(join(folder.path, name), { recursive: true });
    folder.release();
    expect(readdirSync(takeWorkFolder(work, 'box', undefined).path)).to.have.members(['owner.json', 'spool']);
  });

  it('of a process of another boot or container is free, and one whose owner cannot be read', () => {
    const folder = takeWorkFolder(work, 'box', undefined);
    const owner = join(folder.path, 'owner.json');
    for (const text of [JSON.stringify({ ...ownProcess(), machine: 'another' }), '', '{"pid":']) {
      writeFileSync(owner, text);
      expect(takeWorkFolder(work, 'box', undefined).name, text).to.equal('box');
      expect(JSON.parse(readFileSync(owner, 'utf8'))).to.deep.equal(ownProcess());
    }
  });
});
