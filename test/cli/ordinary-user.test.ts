import { expect } from 'chai';
import { asOrdinaryUser } from '../support/attack.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';

describe('volt up without root rights', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();

  after(async () => {
    await processes.end();
    folders.remove();
  });

  it('runs the sample repository to its verdict', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const { inside, env, dataDir } = asOrdinaryUser(folders.make());
    const args = ['up', '--sample', '--once', '--port', '0', '--data', dataDir];
    const up = processes.start(args, { ...env, VOLT_ISOLATION: 'auto' }, inside);
    await up.ended();
    expect(up.output).to.match(/✔ sample#1 main [0-9a-f]{7} passed in /);
  }).timeout(180_000);
});
