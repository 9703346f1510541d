import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isOwned, takeWorkFolder } from '../../src/runner/work-folder.ts';
import { startChild, type TestChild } from '../support/child.ts';
import { failure } from '../support/failure.ts';
import { TestFolders } from '../support/folder.ts';

/** Takes a folder when the file `go` is there, and says which. */
const taker = `
  import { existsSync } from 'node:fs';
  import { takeWorkFolder } from './src/runner/work-folder.ts';
  const [work, wanted, go] = process.argv.slice(-3);
  console.log('here');
  while (!existsSync(go)) await new Promise((resolve) => setImmediate(resolve));
  console.log((await takeWorkFolder(work, 'box', wanted === 'any' ? undefined : wanted)).name);
  setInterval(() => {}, 1000);
`;

describe("a runner's folder", () => {
  const folders = new TestFolders();
  const children: TestChild[] = [];
  let work: string;
  let go: string;

  beforeEach(() => {
    work = join(folders.make(), 'work');
    go = join(folders.make(), 'go');
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
  });

  after(folders.remove);

  async function startTaker(): Promise<TestChild> {
    const child = startChild(taker, { args: [work, 'any', go] });
    children.push(child);
    expect(await child.line()).to.equal('here');
    return child;
  }

  it('is named after the machine, the next one with a number', async () => {
    for (const name of ['box', 'box-2', 'box-3']) {
      expect(await takeWorkFolder(work, 'box', undefined)).to.include({ name, path: join(work, name) });
    }
  });

  it('that was released is taken first, with its content', async () => {
    const first = await takeWorkFolder(work, 'box', undefined);
    const second = await takeWorkFolder(work, 'box', undefined);
    writeFileSync(join(first.path, 'left'), '');
    first.release();
    expect((await takeWorkFolder(work, 'box', undefined)).path).to.equal(first.path);
    expect(existsSync(join(first.path, 'left'))).to.equal(true);
    second.release();
  });

  it('may have a chosen name, and belongs to one runner at a time', async () => {
    const wanted = await takeWorkFolder(work, 'box', 'big');
    expect(wanted.name).to.equal('big');
    const error = await failure('name_taken', () => takeWorkFolder(work, 'box', 'big'));
    expect(error.message).to.include('"big"');
    expect((await takeWorkFolder(work, 'box', undefined)).name).to.equal('box');
    wanted.release();
    await takeWorkFolder(work, 'box', 'big');
  });

  it('cannot be taken from another process until that is killed', async () => {
    writeFileSync(go, '');
    const child = await startTaker();
    expect(await child.line()).to.equal('box');
    expect(await isOwned(join(work, 'box'))).to.equal(true);
    expect((await takeWorkFolder(work, 'box', undefined)).name).to.equal('box-2');
    await failure('name_taken', () => takeWorkFolder(work, 'box', 'box'));
    await child.kill();
    expect(await isOwned(join(work, 'box'))).to.equal(false);
    expect((await takeWorkFolder(work, 'box', 'box')).name).to.equal('box');
  });

  it('belongs to only one of several that take it in the same instant', async () => {
    const takers = await Promise.all(Array.from({ length: 4 }, startTaker));
    const own = Array.from({ length: 8 }, async () => (await takeWorkFolder(work, 'box', undefined)).name);
    writeFileSync(go, '');
    const names = await Promise.all([...own, ...takers.map((child) => child.line())]);
    expect(new Set(names).size, names.join(' ')).to.equal(12);
  });

  it('is taken also if the owner has no pid here, as in another container', async function () {
    const namespace = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];
    if (spawnSync('unshare', [...namespace, 'true']).status !== 0) this.skip();
    const held = await takeWorkFolder(work, 'box', undefined);
    const lock = join(held.path, 'lock');
    const taken = () => spawnSync('unshare', [...namespace, 'flock', '--nonblock', lock, 'true']).status !== 0;
    expect(taken()).to.equal(true);
    held.release();
    expect(taken()).to.equal(false);
  });

  it('is free if an owner has left only its file', async () => {
    mkdirSync(join(work, 'box'), { recursive: true });
    writeFileSync(join(work, 'box', 'lock'), '');
    expect((await takeWorkFolder(work, 'box', undefined)).name).to.equal('box');
  });

  it('loses the checkouts of a killed process, and keeps what that had to report', async () => {
    const folder = await takeWorkFolder(work, 'box', undefined);
    for (const name of ['jobs/1-1.1', 'spool']) mkdirSync(join(folder.path, name), { recursive: true });
    folder.release();
    const { path } = await takeWorkFolder(work, 'box', undefined);
    expect(readdirSync(path)).to.have.members(['lock', 'spool']);
  });

  it('is refused at once if nothing can be written', async () => {
    mkdirSync(work);
    writeFileSync(join(work, 'box'), 'a file where the folder should be');
    const { message } = await failure('data_unwritable', () => takeWorkFolder(work, 'box', undefined));
    expect(message).to.include(join(work, 'box'));
  });
});
