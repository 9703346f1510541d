import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { startDispatcher } from '../../src/dispatcher/start.ts';
import { startObserver } from '../../src/observer/start.ts';
import { Queues } from '../../src/queues/queues.ts';
import { runnerRules } from '../../src/redis/acl.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { neededCommands } from '../../src/redis/rights.ts';
import { startReporter } from '../../src/reporter/start.ts';
import { startRunner } from '../../src/runner/start.ts';
import { ownRunnerKey } from '../../src/secrets/runner-key.ts';
import { startWeb } from '../../src/web/start.ts';
import { failure } from '../support/failure.ts';
import { keepLog } from '../support/logger.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';

describe('the rights of a Redis user', () => {
  const { logger } = keepLog();
  const enough = ['-@all', ...neededCommands('volt'), '~volt:*', '&volt:*'];
  let redis: TestRedis;
  let admin: Redis;

  before(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });

  after(async () => {
    admin.disconnect();
    await redis.stop();
  });

  async function connectWith(rules: string[], whose?: 'volt' | 'runner') {
    await admin.call('ACL', 'SETUSER', 'ci', 'reset', 'on', '>pw', ...rules);
    const url = redis.url.replace('redis://', 'redis://ci:pw@');
    return connectRedis({ redisPrefix: 'volt' }, url, logger, 0, whose);
  }

  it('are checked without executing a command', async () => {
    await (await connectWith(enough)).close();
    expect(await admin.dbsize()).to.equal(0);
    await (await connectWith(runnerRules('volt'), 'runner')).close();
  });

  it('are those of docs/operating.md', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
    const [, rules = ''] = /ACL SETUSER volt on >PASSWORD (.*)/.exec(page) ?? [];
    await (await connectWith(rules.split(' '))).close();
  });

  for (const [lacking, named] of [
    ['-info', '+info'],
    ['-multi', '+multi'],
    ['-publish', '+publish'],
    ['-xgroup|create', '+xgroup|create'],
    ['-subscribe', '+subscribe'],
  ] as const) {
    it(`are named at the start if one is missing: ${lacking}`, async () => {
      const error = await failure('redis_denied', () => connectWith([...enough, lacking]));
      expect(error.message).to.match(/Redis at \S+ gives its user "ci" too few rights: it lacks \S+$/);
      expect(error.message).to.include(named);
      expect(error.remedy).to.equal(`Give the user these rights: ACL SETUSER ci ${named}`);
    });
  }

  it('are named at the start, all at once, if keys or channels are missing', async () => {
    const error = await failure('redis_denied', () => connectWith(['+@all', '-evalsha', '~other:*', '&other:*']));
    expect(error.remedy).to.equal('Give the user these rights: ACL SETUSER ci &volt:* +evalsha ~volt:*');
  });
});

describe('a Redis user with only the checked rights', () => {
  it('can run all of Volt', async () => {
    const volt = await TestVolt.start();
    const { context } = volt;
    const admin = context.access.client;
    // connections have names where they may
    const names = ['+client|setname', '+client|setinfo'];
    const rules = ['-@all', ...neededCommands('volt'), ...names, '~volt:*', '&volt:*'];
    await admin.call('ACL', 'SETUSER', 'ci', 'reset', 'on', '>pw', ...rules);
    const url = volt.redis.url.replace('redis://', 'redis://ci:pw@');
    const access = await connectRedis(context.config, url, context.logger, 0);
    const own = { ...context, access, queues: new Queues(access, context.logger, context.database) };
    ownRunnerKey(context.config);
    const stages = [
      await startReporter(own),
      await startDispatcher(own),
      await startObserver(own),
      await startWeb(own, { host: '127.0.0.1', port: 0 }),
      await startRunner(own, { labels: [], slots: 1, graceSeconds: 0 }),
    ];
    const repository = new TestRepository({ 'a.txt': 'a' });
    await volt.observe(repository.path, { command: 'true' });
    expect((await volt.build(repository.head())).status).to.equal('success');
    // what was refused, if anything
    expect(await admin.call('ACL', 'LOG')).to.deep.equal([]);
    for (const stage of stages.reverse()) await stage.stop();
    await own.queues.close();
    await access.close();
    await volt.stop();
    repository.remove();
  });
});
