import { expect } from 'chai';
import { detectGroupKind } from '../../src/exec/group-kind.ts';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import type { JobContext } from '../../src/job/job-context.ts';
import { TestJobs } from '../support/job.ts';

/** Asks as `getIDToken` of `@actions/core` does. */
const action = {
  'action.yml': 'inputs: { audience: {} }\nruns: { using: node20, main: index.js }\n',
  'index.js': `const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = process.env;
if (!url || !token) throw new Error('Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable');
const audience = process.env.INPUT_AUDIENCE;
fetch(url + (audience ? '&audience=' + encodeURIComponent(audience) : ''), { headers: { authorization: 'Bearer ' + token } })
  .then(async (answer) => console.log(answer.status, JSON.stringify(await answer.json()).replace('id-token', 'ID token')));
`,
};

describe('the ID tokens of a job', () => {
  const jobs = new TestJobs();
  const asked: (string | undefined)[] = [];
  const idToken: JobContext['idToken'] = async (audience) => {
    asked.push(audience);
    return { token: `id-token-for-${audience ?? 'the owner'}` };
  };

  before(() => jobs.action('acme/ask', action));
  beforeEach(() => {
    asked.length = 0;
  });
  after(async () => {
    await jobs.clean();
    jobs.folders.remove();
  });

  const run = (job: string, around: Partial<JobContext> = { idToken }) =>
    jobs.run('- uses: acme/ask@main\n  with: { audience: "sts.example/x" }\n- run: env | grep -c ^ACTIONS_ID_TOKEN', {
      ...{ job, around },
    });

  it('are what its actions and commands can ask for, and are hidden in its log', async () => {
    const { outcome, log } = await run('permissions: { id-token: write }');
    expect(outcome.status, log).to.equal('success');
    expect(asked).to.deep.equal(['sts.example/x']);
    expect(log).to.include('200 {"count":26,"value":"ID token-for-sts.example/x"}').and.match(/\n2\n/);
    expect(log).to.not.include('id-token-for-');
  });

  it('are asked for in a network of its own, too', async () => {
    const processes = detectGroupKind().then((kind) => ProcessGroup.open(3600, kind, { network: 'loopback' }));
    const { outcome, log } = await run('permissions: { id-token: write }', { idToken, processes });
    await (await processes).close();
    expect(outcome.status, log).to.equal('success');
    expect(log).to.include('200 {"count":26,"value":"ID token-for-sts.example/x"}');
  });

  it('are not there without the permission, nor where no Volt gives them', async () => {
    for (const [job, around] of [
      ['', { idToken }],
      ['permissions: { contents: write }', { idToken }],
      ['permissions: { id-token: write }', {}],
    ] as const) {
      const { outcome, log } = await run(job, around);
      expect(outcome.status, job).to.equal('failure');
      expect(log).to.include('Unable to get ACTIONS_ID_TOKEN_REQUEST_URL');
    }
    expect(asked).to.deep.equal([]);
  });
});
