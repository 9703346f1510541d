import { expect } from 'chai';
import { startChild, type TestChild } from '../support/child.ts';
import { temporaryFolder, VoltProcess } from '../support/cli.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';

describe('stopping a command', () => {
  let redis: TestRedis;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeEach(async () => {
    redis = await startRedis();
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    await redis.stop();
    await folder.remove();
  });

  const away: { [how: string]: () => unknown } = {
    'was killed': () => redis.kill(),
    'is frozen (SIGSTOP)': () => redis.freeze(),
  };
  for (const [how, make] of Object.entries(away)) {
    it(`ends volt up in order although its external Redis ${how}`, async () => {
      const repository = new TestRepository({ 'test.sh': '#!/bin/sh\necho begun\nsleep 600\n' });
      const env = { VOLT_REDIS_URL: redis.url, VOLT_DATA_DIR: folder.path };
      const up = new VoltProcess(['up', '--port', '0', '--grace', '1', '--repo', repository.path], { env });
      try {
        await up.says(/│ begun/);
        await make();
        up.signal('SIGTERM');
        const end = await up.ended();
        expect(end.code, end.stderr).to.equal(0);
        expect(end.stderr).to.not.include('did not stop');
      } finally {
        up.signal('SIGKILL');
        await up.ended();
        repository.remove();
      }
    }).timeout(120_000);
  }

  describe('that hangs', () => {
    let stage: TestChild;

    beforeEach(async () => {
      stage = startChild(
        `
        import { Command } from 'commander';
        import { runStage } from './src/cli/stage.ts';
        const hangs = { stop: () => new Promise(() => {}) };
        await runStage(new Command('stuck'), { graceSeconds: 0, whose: 'runner' }, async () => ({ stage: hangs, ready: 'stuck ready' })).catch((error) => {
          console.log(error.code + ': ' + error.message);
          process.exit(7);
        });
        `,
        { env: { VOLT_REDIS_URL: redis.url, VOLT_DATA_DIR: folder.path } },
      );
      expect(await stage.line()).to.match(/^stuck ready/);
      stage.signal('SIGTERM');
      expect(await stage.line()).to.equal('stopping stuck');
    });

    afterEach(() => stage.kill());

    it('ends it at once at the second signal', async () => {
      stage.signal('SIGINT');
      expect(await stage.ended()).to.equal(3);
    });

    it('ends it after the grace period and names the part that hangs', async () => {
      expect(await stage.ended()).to.equal(7);
      expect(await stage.line()).to.equal('timed_out: did not stop within 20 s: stuck, connection to Redis');
    });
  });
});
