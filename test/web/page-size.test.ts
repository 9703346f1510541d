import { expect } from 'chai';
import { type BuildId, newStep } from '../../src/kernel/model.ts';
import { job, Site } from './site.ts';

/** Bytes of the page of a build with 200 jobs, before compression. */
const most = 150_000;

describe('web: the page of a build with 200 jobs', () => {
  let site: Site;
  /** its jobs have ended, some by failures */
  let ended: BuildId;
  /** its jobs need one of them */
  let linked: BuildId;

  before(async () => {
    site = await Site.start();
    await site.repository('wide');
    const suites = Array.from({ length: 40 }, (_, index) => `suite-${index}`);
    const legs = suites.flatMap((suite) => [18, 20, 22, 24, 26].map((node) => ({ name: `${suite} (${node}, linux)` })));
    ended = await site.build('wide', { subject: 'Test everything everywhere' }, legs);
    const at = new Date().toISOString();
    const steps = ['Check out', 'Set up Node', 'npm ci', 'npm test', 'Upload'].map((name) => ({
      ...{ ...newStep(name), status: 'success' as const, exitCode: 0, startedAt: at, finishedAt: at },
    }));
    const failure = { status: 'failure', reason: 'exit_code', message: 'npm test exited with code 1' } as const;
    for (const index of legs.keys())
      await site.finish({ job: job(ended, index + 1), attempt: 1 }, { steps, ...(index % 50 === 7 && failure) });
    const line = 'a line of output that is longer than most. '.repeat(3);
    await site.appendLog({ job: job(ended, 8), attempt: 1 }, `${line}\n`.repeat(5000));
    const first = { name: 'prepare' };
    linked = await site.build('wide', {}, [first, ...legs.slice(1).map((leg) => ({ ...leg, needs: ['prepare'] }))]);
  });
  after(() => site.stop());

  for (const [view, idOf, shown] of [
    ['list', () => ended, 'npm test exited with code 1'],
    ['timeline', () => ended, 'npm test exited with code 1'],
    ['graph', () => linked, 'class="edge'],
  ] as const) {
    it(`is at most 150 kB with its ${view}`, async () => {
      const page = await site.page(`/builds/${idOf()}?view=${view}`);
      expect(page).to.include('suite-39').and.include(shown);
      expect(Buffer.byteLength(page)).to.be.below(most);
    });
  }
});
