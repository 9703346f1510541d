import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { Build } from '../../src/kernel/model.ts';
import { startWeb, type WebStage } from '../../src/web/start.ts';
import { attack } from '../support/attack.ts';
import { TestRepository } from '../support/repository.ts';
import { TestVolt } from '../support/volt.ts';
import { guiltyJobs } from './guilty-commits.ts';

/** Longest time that the process with the leases may be blocked, in milliseconds: a heartbeat is due each second. */
const longestHold = 1000;
/** Extra time for a busy machine, in milliseconds. */
const patience = 90_000;

describe('a commit with jobs that are expensive for Volt', () => {
  const repositories: TestRepository[] = [];
  let volt: TestVolt;
  let web: WebStage;
  let neighbour: TestRepository;

  before(async () => {
    volt = await TestVolt.startAll({}, { labels: ['linux'], slots: 4 });
    volt.context.logger.silent = true;
    web = await startWeb(volt.context, { host: '127.0.0.1', port: 0 });
    neighbour = new TestRepository({ 'test.sh': 'sleep 3\n' });
    repositories.push(neighbour);
    await volt.observe(neighbour.path, { name: 'neighbour' });
  });

  after(async () => {
    await web.stop();
    await volt.stop();
    for (const repository of repositories) repository.remove();
  });

  for (const [index, { title, files, status, says }] of guiltyJobs.entries()) {
    attack({ attacker: 'pusher to another branch', asset: "other repositories' jobs", title }, async () => {
      const guilty = new TestRepository(files);
      repositories.push(guilty);
      const held = monitorEventLoopDelay({ resolution: 10 });
      held.enable();
      const sha = neighbour.commit(title);
      await volt.observe(guilty.path, { name: `guilty-${index}` });
      const [bad, good] = await Promise.all([
        volt.build(guilty.head(), undefined, patience),
        volt.build(sha, undefined, patience),
      ]);
      const page = await fetch(`${web.url}/builds/${bad.id}`);
      expect(page.status).to.equal(200);
      expect((await page.text()).length).to.be.below(2_000_000);
      held.disable();
      expect(bad.status, said(bad)).to.equal(status);
      expect(said(bad)).to.match(says);
      expect(good.status, said(good)).to.equal('success');
      expect(good.jobs.map(({ attempts }) => attempts.length)).to.deep.equal([1]);
      expect(held.max / 1e6).to.be.below(longestHold);
    });
  }

  /** Reasons and logs of a build. */
  function said({ message, jobs }: Build): string {
    const logs = jobs.map(({ id, message: why, attempts }) => {
      const log = readFileSync(logFile(volt.dataDir, { job: id, attempt: attempts.length }), 'utf8');
      return `${why ?? ''}\n${log.slice(-3000)}`;
    });
    return [message ?? '', ...logs].join('\n');
  }
});
