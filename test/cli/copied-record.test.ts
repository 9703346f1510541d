import { cpSync } from 'node:fs';
import { expect } from 'chai';
import { only } from '../support/database.ts';
import { TestFolders } from '../support/folder.ts';
import { VoltProcesses } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

describe('a copy of a data directory', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  let redis: TestRedis;

  before(async () => {
    redis = await startRedis();
  });
  afterEach(() => processes.end());
  after(async () => {
    await redis.stop();
    folders.remove();
  });

  const start = (command: string, dataDir: string) =>
    processes.start([command, '--data', dataDir, '--redis', redis.url, ...(command === 'up' ? ['--port', '0'] : [])]);

  only.sqlite(
    'is refused on the Redis that the original uses, and accepted after the original has stopped',
    async () => {
      const [original, copy] = [folders.make(), folders.make()];
      const stages = ['reporter', 'observer'].map((command) => start(command, original));
      for (const stage of stages) await stage.says('ready');
      cpSync(original, copy, { recursive: true });
      for (const command of ['dispatcher', 'up']) {
        const refused = start(command, copy);
        expect(await refused.ended()).to.equal(3);
        expect(refused.output).to.match(/record_copied: a copy of this database is in use on this Redis: observer on/);
      }
      for (const stage of stages) stage.signal('SIGTERM');
      for (const stage of stages) await stage.ended();
      await start('dispatcher', copy).says('ready');
    },
  );
});
