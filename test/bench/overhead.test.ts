import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { TestFolders } from '../support/folder.ts';
import type { Row } from './overhead/row.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

describe('npm run bench', () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('compares Volt with a bare loop, and says for each row which bar applies and whether it is met', async () => {
    const file = join(folders.make(), 'figures.json');
    const args = ['--quick', '--only', 'push', 'log', '--json', file];
    const { stdout } = await run(process.execPath, ['--import', 'tsx', 'test/bench/overhead/main.ts', ...args], {
      cwd: root,
    });
    const { rows, cores } = JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[]; cores: number };
    expect(cores).to.be.above(0);
    expect(rows).to.have.lengthOf(2);
    for (const { name, figures, bars } of rows) {
      expect(stdout).to.include(name);
      expect(figures.floor).to.be.a('number');
      expect(bars).to.not.deep.equal([]);
      for (const { text, met } of bars) expect(stdout).to.include(`${met ? 'met   ' : 'MISSED'}  ${text}`);
    }
    const complete = rows[1]?.bars.find(({ text }) => text === 'log complete');
    expect(complete?.met).to.equal(true);
  });
});
