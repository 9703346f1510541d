import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DiskWatch } from '../../src/runner/disk-watch.ts';
import { TestFolders } from '../support/folder.ts';
import { keepLog } from '../support/logger.ts';

describe('the watch of a full disk', () => {
  const folders = new TestFolders();
  const disk = join(folders.make(), 'small');

  before(function () {
    if (process.getuid?.() !== 0) return this.skip();
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk]);
  });

  after(() => {
    if (existsSync(disk)) execFileSync('umount', ['--lazy', disk]);
    folders.remove();
  });

  const at = (name: string) => join(disk, name);
  const fill = (name: string, megabytes: number) => execFileSync('fallocate', ['-l', `${megabytes}M`, at(name)]);
  const removal = (name: string) => async () => rmSync(at(name), { force: true });

  it('frees space in the given order, and no more than needed', async () => {
    const watch = new DiskWatch(
      { diskFloor: 100 },
      {
        name: 'box',
        writes: [disk],
        uses: [],
        logger: keepLog().logger,
        busy: () => false,
        free: [removal('trees'), removal('homes')],
        changed: () => undefined,
      },
    );
    fill('trees', 10);
    fill('homes', 9);
    expect(await watch.check()).to.equal(undefined);
    expect([existsSync(at('trees')), existsSync(at('homes'))]).to.deep.equal([false, true]);
    fill('ballast', 10);
    expect(await watch.check()).to.equal(undefined);
    expect(existsSync(at('homes'))).to.equal(false);
    fill('more', 9);
    expect((await watch.check())?.message).to.include('disk full');
  });
});
