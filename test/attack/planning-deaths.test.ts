import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { attack } from '../support/attack.ts';
import { childrenOf } from '../support/launcher-processes.ts';
import { VoltProcesses } from '../support/processes.ts';
import { observed } from '../support/record.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a commit that kills the dispatcher', () => {
  const processes = new VoltProcesses();
  let volt: TestVolt;

  before(async () => {
    volt = await TestVolt.start();
    volt.context.logger.silent = true;
    await volt.reporter();
    await observed(volt.context.database, 'guilty');
    await observed(volt.context.database, 'other');
  });

  after(async () => {
    await processes.end();
    await volt.stop();
  });

  async function send(repo: string, sha: string, text: string): Promise<void> {
    const workflows = { files: [{ path: '.github/workflows/a.yml', text }], changed: null, defaultBranch: 'main' };
    await volt.context.queues.sendCommits([
      {
        ...{ v: 1, repo, ref: 'refs/heads/main', sha, subject: 'a subject', author: 'Ada', passedOver: 0, more: false },
        ...{ committedAt: '2026-01-02T03:04:05.000Z', trigger: 'manual', intent: Number(sha), workflows },
      },
    ]);
  }

  attack(
    {
      attacker: 'pusher to another branch',
      asset: 'availability',
      title: 'cannot kill the dispatcher more than three times; then its build ends as error',
      long: true,
      timeout: 300_000,
    },
    async () => {
      const aliases = Array.from({ length: 20_000 }, (_, index) => `y${index}: *a\n`).join('');
      const [bad, good] = ['1'.padStart(40, '0'), '2'.padStart(40, '0')];
      await send('guilty', bad, `on: push\nx: &a [1]\n${aliases}`);
      for (let death = 1; death <= 3; death++) {
        const dispatcher = processes.start(['dispatcher', '--data', volt.dataDir], { VOLT_REDIS_URL: volt.redis.url });
        const planning = await until('the planner has started', () => planningProcessOf(dispatcher.pid), 60_000);
        await until('the planner works on the commit', () => processorTimeOf(planning) > 100, 60_000);
        dispatcher.signal('SIGKILL');
        await dispatcher.ended();
        process.kill(planning, 'SIGKILL');
      }
      await send('other', good, 'on: push\njobs: { a: { runs-on: linux, steps: [{ run: make }] } }\n');
      processes.start(['dispatcher', '--data', volt.dataDir], { VOLT_REDIS_URL: volt.redis.url });
      await volt.build(good, () => true, 60_000);
      const ended = await volt.build(bad, undefined, 60_000);
      expect(ended).to.include({ status: 'error', reason: 'planning_failed' });
      expect(ended.message).to.match(/has failed 3 times/);
    },
  );
});

function planningProcessOf(pid: number): number | undefined {
  try {
    return childrenOf(pid).find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('planning-process'));
  } catch {
    return undefined;
  }
}

/** In hundredths of a second. */
function processorTimeOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[11]);
}
