import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { Site } from '../web/site.ts';

describe('volt status and volt runners', () => {
  let site: Site;
  const at = () => ['--data', site.context.config.dataDir];
  before(async () => {
    site = await Site.start();
    await site.repository('sample');
  });
  after(() => site.stop());

  it('name missing stages with a remedy, and exit 3', async () => {
    await site.build('sample', {}, [{ name: 'unit' }]);
    const { code, stdout } = await volt(['status', ...at()]);
    expect(code).to.equal(3);
    expect(stdout)
      .to.match(/^! +dispatcher +not running$/m)
      .and.match(/^✔ +redis +answers, version \d/m)
      .and.match(/^✔ +database +\d.* free on its disk$/m)
      .and.match(/^oldest waiting job: sample#1 unit, queued .*: no runner is connected$/m)
      .and.match(/^! no_dispatcher: .*\n {4}Start one with .*volt dispatcher/m);
  });

  it('show each process with its age, version and last warning, and the runners that are stopping', async () => {
    const last = { at: new Date().toISOString(), level: 'warn', message: 'the disk is slow' };
    const vitals = {
      ...{ memory: 1, cpu: 1, lag: 0, reconnects: 0, diskFree: 1, diskLow: false },
      warnings: { count: 3, last: { ...last, about: { repo: 'sample', build: '1' } } },
    };
    for (const kind of ['observer', 'dispatcher', 'reporter'] as const) await site.stage(kind, { vitals });
    await site.runner('r1', { stopping: true });
    await site.runner('r2', { slots: 3, vitals: { ...vitals, clockAhead: 600_000 } });
    const [status, runners] = await Promise.all([volt(['status', ...at()]), volt(['runners', ...at()])]);
    expect(status.stdout)
      .to.match(
        /✔ +reporter +\S+ \(process \d+\), 0\.1\.0, seen .*; last warn .*: the disk is slow \(repo sample, build 1\)/,
      )
      .and.match(/✔ +runners +2, 0 of 5 slots busy, 1 stopping/)
      .and.match(/clock_wrong.*: machine \S+: its clock is 600\.0 s ahead of that of Redis/);
    expect(runners.stdout)
      .to.match(/^r1 .* stopping /m)
      .and.match(/^r2 .* ready /m)
      .and.match(/^\S+ r2: its clock is 600\.0 s ahead of that of Redis; Volt corrects the times of its jobs$/m);
  });

  it('drain and resume runners by name or all of them, and say what does not exist', async () => {
    await site.runner('r1', { drained: true });
    await site.runner('r2');
    const runners = (...args: string[]) => volt(['runners', ...args, ...at()]);
    expect((await runners('drain', 'r1', '--reason', 'new disk', '--wait')).stdout).to.equal('r1: drained\n');
    const old = await runners('drain', 'r2', '--wait');
    expect([old.code, old.stderr]).to.satisfy(([code, text]: [number, string]) => code === 2 && /stop it/.test(text));
    expect((await runners()).stdout)
      .to.match(/^r1 .* drained /m)
      .and.match(/r1: drained by owner .*: new disk/);
    expect((await runners('resume', '--all')).stdout).to.equal('r1 takes jobs again\nr2 takes jobs again\n');
    expect((await runners('resume', '--all')).stdout).to.equal('no runner is drained\n');
    for (const wrong of [['drain'], ['drain', 'r1', '--all'], ['drain', 'typo']])
      expect((await runners(...wrong)).code, wrong.join(' ')).to.equal(2);
    await site.runner('r1');
  });

  it('hide a warning that is minutes old and was not repeated', async () => {
    const last = {
      at: new Date(Date.now() - 300_000).toISOString(),
      level: 'warn',
      message: 'an old story',
      about: {},
    };
    const vitals = { memory: 1, cpu: 1, lag: 0, reconnects: 0, diskFree: 1, diskLow: false };
    await site.stage('reporter', { vitals: { ...vitals, warnings: { count: 1, last } } });
    const { stdout } = await volt(['status', ...at()]);
    expect(stdout)
      .to.match(/✔ +reporter /)
      .and.not.include('an old story');
  });

  it('report nothing about stages and runners while Redis is down', async () => {
    await site.redis.kill();
    try {
      await until('the outage to be reported', async () => (await site.fetch('/healthz')).status === 503);
      const { code, stdout } = await volt(['status', ...at()]);
      expect(code).to.equal(3);
      expect(stdout)
        .to.match(/^! +redis +does not answer$/m)
        .and.match(/^ +dispatcher +unknown$/m)
        .and.match(/^ +runners +unknown$/m)
        .and.match(/^oldest waiting job: sample#1 unit, queued .*: unknown: Redis does not answer$/m)
        .and.to.not.match(/not running|no runner is connected/);
    } finally {
      await site.redis.start();
    }
  });
});
