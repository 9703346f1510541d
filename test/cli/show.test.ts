import { expect } from 'chai';
import { newStep } from '../../src/kernel/model.ts';
import { volt } from '../support/cli.ts';
import { job, Site } from '../web/site.ts';

describe('volt show', () => {
  let site: Site;

  before(async () => {
    site = await Site.start();
    await site.repository('app');
  });

  after(() => site.stop());

  it('shows annotations, summaries, steps with continue-on-error and one line for each problem', async () => {
    const build = await site.build('app');
    const noLocation = {
      title: null,
      file: null,
      line: null,
      endLine: null,
      column: null,
      endColumn: null,
      logStart: null,
    };
    await site.finish(
      { job: job(build), attempt: 1 },
      {
        ...{ status: 'error', reason: 'invalid_workflow', message: 'a.yml:1:2: one\na.yml:3:4: two', exitCode: null },
        image: { name: 'docker.io/library/node:22', digest: 'sha256:12' },
        steps: [
          {
            ...newStep('Lint'),
            ...{ status: 'success', outcome: 'failure', exitCode: 3, summary: '# Found\n\n- two\u001b[31m\n' },
            annotations: [
              {
                ...noLocation,
                level: 'error',
                message: 'bad\nvery bad',
                title: 'Style',
                file: 'a.js',
                line: 3,
                column: 7,
              },
              { ...noLocation, level: 'warning', message: 'careful' },
            ],
          },
          { ...newStep('Fine'), status: 'success', outcome: 'success', exitCode: 0 },
        ],
      },
    );
    const { stdout, code } = await volt(['show', build], { env: { VOLT_URL: site.url } });
    expect(code).to.equal(0);
    expect(stdout).to.include('      a.yml:1:2: one\n        a.yml:3:4: two\n');
    expect(stdout).to.include(
      [
        '      in docker.io/library/node:22 (sha256:12)',
        '      ✔ Lint exit code 3, failed (continue-on-error)',
        '          error: a.js:3:7: Style: bad',
        '            very bad',
        '          warning: careful',
        '          summary:',
        '          # Found',
        '          ',
        '          - two',
        '      ✔ Fine\n',
      ].join('\n'),
    );
  });
});
