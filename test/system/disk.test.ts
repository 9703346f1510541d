import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { diskOf, folderBytes, isLow } from '../../src/system/disk.ts';
import { TestFolders } from '../support/folder.ts';

describe('free disk space', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('is measured for a folder, and for one that does not exist yet', async () => {
    const folder = folders.make();
    const disk = await diskOf(folder);
    expect(disk?.free).to.be.within(1, disk?.total ?? 0);
    expect((await diskOf(join(folder, 'not', 'yet')))?.total).to.equal(disk?.total);
  });

  it('is low below VOLT_DISK_FLOOR, and never with a floor of 0', () => {
    const free = 100 * 1_048_576;
    expect(isLow({ free, total: 2 ** 40 }, { diskFloor: 101 })).to.equal(true);
    expect(isLow({ free, total: 2 ** 40 }, { diskFloor: 100 })).to.equal(false);
    expect(isLow({ free: 0, total: 2 ** 40 }, { diskFloor: 0 })).to.equal(false);
  });

  it('is low below a tenth of a small disk, where the floor is more than that', () => {
    const total = 100 * 1_048_576;
    expect(isLow({ free: 11 * 1_048_576, total }, { diskFloor: 512 })).to.equal(false);
    expect(isLow({ free: 9 * 1_048_576, total }, { diskFloor: 512 })).to.equal(true);
  });

  it('used by a folder is the sum of its files, without the targets of links', async () => {
    const folder = folders.make();
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    for (const file of ['one', 'a/two', 'a/b/three']) writeFileSync(join(folder, file), Buffer.alloc(100_000, 1));
    const elsewhere = folders.make();
    writeFileSync(join(elsewhere, 'large'), Buffer.alloc(5_000_000, 1));
    symlinkSync(elsewhere, join(folder, 'link'));
    expect(await folderBytes(folder)).to.be.within(300_000, 400_000);
    expect(await folderBytes(join(folder, 'missing'))).to.equal(0);
  });
});
