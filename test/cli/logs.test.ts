import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { logTimesFile } from '../../src/kernel/data-paths.ts';
import type { BuildId } from '../../src/kernel/model.ts';
import { VoltProcess, volt } from '../support/cli.ts';
import { job, Site } from '../web/site.ts';

describe('volt logs', () => {
  let site: Site;
  let env: Record<string, string>;
  let build: BuildId;

  before(async () => {
    site = await Site.start();
    env = { VOLT_URL: site.url, VOLT_TOKEN: site.token };
    await site.repository('app');
    build = await site.build('app', {}, [{ name: 'lint' }, { name: 'unit' }, { name: 'slow' }]);
    for (const [index, text] of ['clean\n', 'one\ntwo\nthree\n', 'on its way\n'].entries())
      await site.appendLog({ job: job(build, index + 1), attempt: 1 }, text);
    await site.finish({ job: job(build, 1), attempt: 1 });
    await site.finish({ job: job(build, 2), attempt: 1 }, { status: 'failure', reason: 'exit_code' });
    await site.begin({ job: job(build, 3), attempt: 1 });
  });
  after(() => site.stop());

  it('prints the failed jobs only with --failed, and says so if there is none', async () => {
    expect(await volt(['logs', 'app', '--failed'], { env })).to.include({ code: 0, stdout: 'one\ntwo\nthree\n' });
    const none = await volt(['logs', 'app', 'lint', '--failed'], { env });
    expect(none.code).to.equal(2);
    expect(none.stderr).to.match(/^error conflict: no job of app#1 has failed\n/);
  });

  it('prints the last lines only with --tail', async () => {
    expect((await volt(['logs', 'app', 'unit', '--tail', '2'], { env })).stdout).to.equal('two\nthree\n');
    expect((await volt(['logs', 'app', 'unit', '--tail', '9'], { env })).stdout).to.equal('one\ntwo\nthree\n');
    expect((await volt(['logs', 'app', 'unit', '-f', '--tail', '1'], { env })).stdout).to.equal('three\n');
  });

  it('prints what has arrived since a time or for a duration with --since', async () => {
    const now = Date.now();
    // positions of bytes, each with when it arrived
    const times = Float64Array.of(...[0, now - 3_600_000], ...[4, now - 60_000], ...[8, now - 1000]);
    const file = logTimesFile(site.context.config.dataDir, { job: job(build, 2), attempt: 1 });
    writeFileSync(file, new Uint8Array(times.buffer));
    const since = async (time: string) => (await volt(['logs', 'app', 'unit', '--since', time], { env })).stdout;
    expect(await since('30m')).to.equal('two\nthree\n');
    expect(await since(new Date(now - 30_000).toISOString())).to.equal('three\n');
    expect(await since('1d')).to.equal('one\ntwo\nthree\n');
    expect(await since(new Date(now + 60_000).toISOString())).to.equal('');
    const wrong = await volt(['logs', 'app', '--since', 'yesterday'], { env });
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.include('an age such as 90s, 10m, 2h or 1d');
  });

  it('says at Ctrl-C that the build goes on, and how to cancel it', async () => {
    const following = new VoltProcess(['logs', 'app', 'slow', '-f'], { env });
    await following.says(/on its way/);
    following.signal('SIGINT');
    const { code, stderr } = await following.ended();
    expect(code).to.equal(130);
    expect(stderr).to.equal('\napp#1 goes on; npx volt cancel app#1 cancels it\n');
  });
});
