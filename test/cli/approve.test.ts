import { expect } from 'chai';
import { volt } from '../support/cli.ts';
import { job, Site } from '../web/site.ts';

describe('volt approve', () => {
  let site: Site;
  before(async () => {
    site = await Site.start();
    await site.repository('app');
  });
  after(() => site.stop());

  it('approves or declines what waits, and says so if nothing does', async () => {
    const data = ['--data', site.context.config.dataDir];
    const deploys = ['north', 'south'].map((name) => ({ name, needs: ['test'] }));
    const id = await site.build('app', {}, [{}, ...deploys]);
    for (const position of [2, 3]) await site.askApproval(id, job(id, position));
    const status = await volt(['status', ...data]);
    expect(status.stdout).to.match(/2 jobs wait for approval: north of app#1, created .*; see .*volt approve app#1/);
    const declined = await volt(['approve', 'app#1', 'south', '--decline', '--comment', 'no', ...data]);
    expect(declined.stdout, declined.stderr).to.equal('declined app#1 south (production)\n');
    expect((await volt(['approve', 'app', ...data])).stdout).to.equal('approved app#1 north (production)\n');
    const files = [{ path: '.volt.yml', status: 'added' as const, diff: '@@ -0,0 +1 @@\n+command: \u001b[31mmake\n' }];
    await site.askForBuild('app', { files });
    expect((await volt(['show', 'app#2', ...data])).stdout).to.match(/\n {2}.*volt approve app#2\n$/);
    const unanswered = await volt(['approve', 'app#2', ...data]);
    expect(unanswered).to.include({ code: 2 });
    expect(unanswered.stdout).to.include('.volt.yml added').and.include('+command: ').and.not.include('\u001b[31m');
    const approved = await volt(['approve', 'app#2', '--yes', ...data]);
    expect(approved.stdout, approved.stderr).to.equal('approved app#2 (pull request 7)\n');
    const again = await volt(['approve', 'app#1', ...data]);
    expect(again).to.include({ code: 2 });
    expect(again.stderr).to.include('no job of build 1 waits for approval');
  });
});
