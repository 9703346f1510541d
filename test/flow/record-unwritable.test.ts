import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemCode } from '../../src/kernel/errors.ts';
import { pause } from '../../src/system/wait.ts';
import { holdRecord, only } from '../support/database.ts';
import { TestFleet } from '../support/fleet.ts';
import { TestFolders } from '../support/folder.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

describe('an unwritable database', () => {
  const folders = new TestFolders();
  let redis: TestRedis;
  let fleet: TestFleet;

  before(async () => {
    redis = await startRedis();
  });

  afterEach(() => fleet.remove());

  after(async () => {
    await redis.stop();
    folders.remove();
  });

  const codes = async () => (await fleet.status()).problems.map(({ code }) => code);

  async function openHouse(dataDir?: string): Promise<void> {
    await redis.empty();
    await redis.start();
    fleet = await TestFleet.build({ redis: redis.url, ...(dataDir === undefined ? {} : { dataDir }) });
    await fleet.open();
  }

  it('locked by another program makes stages wait and report it, and no commit or result is lost', async () => {
    await openHouse();
    const running = fleet.push(600);
    await fleet.begun(running);
    const release = await holdRecord(fleet.dataDir);
    const pushed = fleet.push(1);
    fleet.evidence.end(running);
    await fleet.over(running);
    await until('the problem is reported', async () => (await codes()).includes('record_busy'));
    await until('writes have failed and will be repeated', async () =>
      (await fleet.status()).problems.some(({ message }) => message.includes('given up after')),
    );
    await release();
    await fleet.prove([running, pushed]);

    // and slow: free for moments only
    const burst = fleet.repository.burst(6);
    let over = false;
    const slow = (async () => {
      while (!over) {
        const free = await holdRecord(fleet.dataDir).catch(() => undefined);
        await pause(40);
        await free?.();
        await pause(40);
      }
    })();
    try {
      await fleet.prove(burst);
    } finally {
      over = true;
      await slow;
    }
    await until('no problem is reported any more', async () => !(await codes()).includes('record_busy'), 60_000);
    for (const queue of (await fleet.status()).queues) expect(queue.failed, queue.name).to.equal(0);
  }).timeout(120_000);

  only.sqlite(
    'on a full disk makes stages wait and report it, and they continue when there is space',
    async function () {
      if (process.getuid?.() !== 0) return this.skip();
      const mounted = join(folders.make(), 'small');
      mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', mounted]);
      try {
        await openHouse(join(mounted, 'data'));
        const running = fleet.push(600);
        await fleet.begun(running);
        const ballast = fill(mounted);
        fleet.evidence.end(running);
        await fleet.over(running);
        await until('the problem is reported', async () =>
          (await codes()).some((code) => /^(record_full|record_failed)$/.test(code)),
        );
        const pushed = fleet.push(1);
        rmSync(ballast);
        await fleet.prove([running, pushed]);
        await until(
          'no problem is reported any more',
          async () => !(await codes()).some((code) => /^(record|data)_/.test(code)),
          // problems disappear once another process has solved them or they no longer matter
          60_000,
        );
        await fleet.killAll();
      } finally {
        await fleet.killAll();
        await fleet.database.close();
        execFileSync('umount', ['--lazy', mounted]);
      }
    },
    120_000,
  );
});

/**
 * Fills the disk of the folder.
 * @returns the file that takes the room
 */
function fill(folder: string): string {
  const file = join(folder, 'ballast');
  for (let size = 1_048_576; size >= 1; ) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch (error) {
      if (systemCode(error) !== 'ENOSPC') throw error;
      size = Math.floor(size / 4);
    }
  }
  return file;
}
