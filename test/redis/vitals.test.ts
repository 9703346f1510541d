import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/kernel/config.ts';
import { noteWarning } from '../../src/kernel/warnings.ts';
import { VitalsReader } from '../../src/redis/vitals.ts';
import { TestFolders } from '../support/folder.ts';
import { mountFullDisk } from '../support/full-disk.ts';
import { until } from '../support/until.ts';

describe('the vitals of a process', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('are read without waiting, those of the disk once they are known', async () => {
    const signs = new VitalsReader('tester', loadConfig({ dataDir: folders.make(), diskFloor: 0 }));
    expect(signs.read()).to.include({ diskFree: null, diskLow: false });
    await until('the disk is known', () => signs.read().diskFree !== null);
    expect(signs.read().memory).to.be.above(1_000_000);
    expect(signs.read().diskLow).to.equal(false);
  });

  it('report that less disk space is free than VOLT_DISK_FLOOR', async function () {
    const dataDir = join(folders.make(), 'full');
    const unmount = mountFullDisk(dataDir);
    if (!unmount) return this.skip();
    try {
      const signs = new VitalsReader('tester', loadConfig({ dataDir }));
      await until('the disk is known to be low', () => signs.read().diskLow);
    } finally {
      unmount();
    }
  });

  it('report the longest delay of the event loop', async () => {
    const signs = new VitalsReader('tester', loadConfig({ dataDir: folders.make() }));
    const hold = () => {
      const end = performance.now() + 700;
      while (performance.now() < end);
    };
    await until('a hold-up is seen', () => {
      hold();
      return signs.read().lag >= 150;
    });
  });

  it('include the warnings of the stage, and not of other stages', () => {
    noteWarning('tester', 'warn', 'x'.repeat(1000), {});
    noteWarning('another', 'error', 'not mine', {});
    const { warnings } = new VitalsReader('tester', loadConfig({ dataDir: folders.make() })).read();
    expect(warnings.count).to.equal(1);
    expect(warnings.last?.message).to.have.lengthOf(300);
  });
});
