import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { logTimesFile } from '../../src/kernel/data-paths.ts';
import { Archive } from '../../src/reporter/archive.ts';
import { timesOf } from '../../src/web/logs/line-times.ts';
import { TestFolders } from '../support/folder.ts';
import { job, Site } from './site.ts';

describe('web: the times of log lines', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('are the times at which the runner sent them, for every part of the log', async () => {
    const dataDir = folders.make();
    const archive = new Archive(dataDir);
    const ref = { job: '7-1' as never, attempt: 1 };
    const begin = 1_700_000_000_000;
    const count = 10_000;
    for (let i = 0; i < count; i++) await archive.append(ref, i * 10, Buffer.from('0123456789'), begin + i * 100);
    await archive.close();
    const file = logTimesFile(dataDir, ref);
    for (const first of [0, 1, 4094, 4095, 4096, 7777, count - 3]) {
      const starts = [first * 10, first * 10 + 5, first * 10 + 10];
      const expected = [first, first, Math.min(first + 1, count - 1)].map((i) => begin + i * 100);
      expect(await timesOf(file, starts), `from ${first}`).to.deep.equal(expected);
    }
    const far = await timesOf(file, [5, 55_555, 99_995]);
    expect(far).to.deep.equal([begin, begin + 555_500, begin + 999_900]);
  });

  it('are not stored for each of many pieces at once, nor for a repeated piece', async () => {
    const dataDir = folders.make();
    const archive = new Archive(dataDir);
    const ref = { job: '7-1' as never, attempt: 1 };
    for (let i = 0; i < 10; i++) await archive.append(ref, i, Buffer.from('x'), 1000 + i * 30);
    await archive.append(ref, 0, Buffer.from('xxx'), 5000);
    await archive.close();
    expect(await timesOf(logTimesFile(dataDir, ref), [0, 3, 4, 8, 9])).to.deep.equal([1000, 1000, 1120, 1240, 1240]);
  });

  it('are known for the first lines, which are there before the first time is recorded', async () => {
    const file = join(folders.make(), 'times');
    const entry = Buffer.alloc(16);
    entry.writeDoubleLE(50, 0);
    entry.writeDoubleLE(1000, 8);
    await writeFile(file, entry);
    expect(await timesOf(file, [0, 20, 50, 60])).to.deep.equal([1000, 1000, 1000, 1000]);
    await writeFile(file, '');
    expect(await timesOf(file, [0])).to.deep.equal([null]);
  });

  it('are in the answer of the API, and null if not recorded', async () => {
    const site = await Site.start();
    try {
      await site.repository('sample');
      const ref = { job: job(await site.build('sample')), attempt: 1 };
      await site.begin(ref);
      const archive = new Archive(site.context.config.dataDir);
      await archive.append(ref, 0, Buffer.from('one\ntwo\n'), Date.parse('2026-01-02T03:04:05.678Z'));
      await archive.close();
      const ask = () => site.json(`/api/v1/jobs/${ref.job}/log/lines`);
      expect((await ask()).lines.map(({ at }: { at: string }) => at)).to.deep.equal(
        Array(2).fill('2026-01-02T03:04:05.678Z'),
      );
      const other = { job: job(await site.build('sample')), attempt: 1 };
      await site.begin(other);
      await site.appendLog(other, 'one\n');
      const { lines } = await site.json(`/api/v1/jobs/${other.job}/log/lines`);
      expect(lines).to.deep.equal([{ spans: [{ text: 'one', style: '' }], start: 0, at: null }]);
    } finally {
      await site.stop();
    }
  });
});
