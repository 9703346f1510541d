import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { forgetTrustedRefs } from '../../src/record/forgotten-trust.ts';
import { setTrustedRefs } from '../../src/record/trust.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { observed, openRecord } from '../support/record.ts';
import { until } from '../support/until.ts';

describe('volt up on the data directory of an older Volt', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  afterEach(() => processes.end());
  after(folders.remove);

  const start = async (dataDir: string) => {
    const up = processes.start(['up', '--port', '0', '--data', dataDir]);
    await up.says('press Ctrl-C to stop');
    return up;
  };

  it('empties folders that refs of different trust shared, and reports once who gets secrets now', async () => {
    const dataDir = folders.make();
    const database = await openRecord(dataDir);
    await observed(database);
    await setTrustedRefs(database, 'app', ['refs/heads/main']);
    await database.write(forgetTrustedRefs);
    await database.close();
    const { homes, caches } = dataPaths(dataDir);
    const left = [join(homes, 'app'), join(caches, 'app')];
    for (const folder of left) mkdirSync(join(folder, 'something'), { recursive: true });
    const kept = join(homes, 'app+0+default');
    mkdirSync(kept);
    const first = await start(dataDir);
    expect(first.output)
      .to.match(/changed +only builds of the default branch and of tags get secrets now/)
      .and.include("to restore it: volt secret trust app 'refs/heads/main'")
      .and.match(/changed +removing homes and caches of an older version/);
    await until('the shared folders are gone', () => !left.some((folder) => existsSync(folder)));
    expect(existsSync(kept)).to.equal(true);
    first.signal('SIGTERM');
    await first.ended();
    const second = await start(dataDir);
    expect(second.output).to.not.match(/changed/);
    second.signal('SIGTERM');
    await second.ended();
  });
});
