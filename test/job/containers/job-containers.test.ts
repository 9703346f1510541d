import { expect } from 'chai';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import { TestJobs } from '../../support/job.ts';

describe('the containers of a job', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  const run = (job: string, values: Record<string, string> = {}) =>
    jobs.run('- run: echo ran', {
      job,
      around: { secrets: async () => ({ values, withheld: null }) },
    });

  it('with an empty image are not started', async () => {
    const { outcome, log } = await run(
      `env: { NONE: '' }\ncontainer: { image: "\${{ vars.IMAGE }}", options: --rm }\nservices: { db: { image: '' }, web: "\${{ vars.X }}" }`,
    );
    expect(outcome.status).to.equal('success');
    const unused = (id: string) =>
      `The service '${id}' will not be started because the container definition has an empty image.\n`;
    const alone = 'The job will not run in a container because the container definition has an empty image.\n';
    expect(log).to.include(unused('db')).and.include(unused('web')).and.include(alone).and.include('\nran\n');
  });

  it('are refused by name before the first step', async () => {
    for (const [job, message] of [
      [
        'container: { image: node, options: "${{ fromJSON(\'[\\"--pid=host\\"]\')[0] }}" }',
        '`container`: the option `--pid` is not allowed',
      ],
    ] as const) {
      const { outcome, log } = await run(job);
      expect(outcome, job).to.include({ status: 'error', reason: 'unsupported' });
      expect(outcome.message).to.include(message);
      expect(log).to.not.include('\nran\n');
    }
  });

  it('may not name a part of the workspace or a name server where the job is isolated', async function () {
    if (!(await isIsolable('user'))) return this.skip();
    const isolated = new IsolatedJobs('user');
    try {
      for (const [job, message] of [
        [
          "services: { db: { image: x, volumes: ['${{ github.workspace }}/sub:/x'] } }",
          'the volume "sub", a path in the',
        ],
        ["container: { image: x, options: '--dns 9.9.9.9' }", 'the option `--dns` is not allowed'],
      ] as const) {
        const { outcome, log } = await isolated.steps('- run: echo ran', undefined, 'app', job);
        expect(outcome, log).to.include({ status: 'error', reason: 'unsupported' });
        expect(outcome.message).to.include(message);
      }
    } finally {
      isolated.clean();
    }
  });

  it('with a wrong setting are the fault of the commit', async () => {
    for (const [job, message] of [
      ['container: "${{ github.job }}/../x"', '`container`: "test/../x" is not an image'],
      ['container: { image: "${{ github.job }}", volumes: "${{ fromJSON(\'[1]\') }}" }', '"1" is not a volume'],
      ['container: "${{ fromJSON(\'{\') }}"', 'cannot evaluate'],
    ] as const) {
      const { outcome } = await run(job);
      expect(outcome, job).to.include({ status: 'failure', reason: 'step_failed' });
      expect(outcome.message).to.include(message);
    }
  });

  it('may use secrets in their environment and to sign in, which the log does not show', async () => {
    const job =
      'services: { db: { image: x, env: { A: "${{ secrets.A }}" }, options: "${{ github.job }} ${{ vars.X }}", credentials: { username: me, password: "${{ format(\'{0}-word\', secrets.A) }}" } } }';
    const { outcome, log } = await run(job, { A: 'pass' });
    expect(outcome.message).to.include('`services.db`: "test" in `options` is not an option');
    expect(log).to.not.include('pass-word');
  });
});
