import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { logFile } from '../../src/kernel/data-paths.ts';
import type { JobId } from '../../src/kernel/model.ts';
import { decideWaits } from '../../src/record/approvals.ts';
import { findBuild, listBuilds } from '../../src/record/builds.ts';
import { setEnvironmentSecret, setEnvironmentVariable } from '../../src/record/environment-entries.ts';
import { setEnvironment } from '../../src/record/environments.ts';
import { addForge, removeForge } from '../../src/record/forges.ts';
import { setSecret } from '../../src/record/secrets.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';
import { wellKnown } from './well-known.ts';

/**
 * A fake actions/setup-node: like the real one it finds Node in the tool cache by a short or full version and puts it
 * on the search path. It downloads nothing.
 */
const setupNode = {
  'action.yml': `name: Setup Node.js environment
inputs:
  node-version: {description: version}
  cache: {description: package manager}
  token: {default: '\${{ github.token }}'}
outputs: {node-version: {description: what was found}}
runs: {using: node20, main: main.js, post: post.js}
`,
  'main.js': `const fs = require('fs');
const path = require('path');
const wanted = process.env['INPUT_NODE-VERSION'].replace(/\\.x$/, '');
const cache = path.join(process.env.RUNNER_TOOL_CACHE, 'node');
const found = fs.readdirSync(cache).find((version) => (version + '.').startsWith(wanted + '.') && fs.existsSync(path.join(cache, version, 'x64.complete')));
if (!found) {
  console.log('::error::Unable to find Node version ' + wanted);
  process.exit(1);
}
console.log('found node ' + found + ' in the tool cache');
fs.appendFileSync(process.env.GITHUB_PATH, path.join(cache, found, 'x64', 'bin') + '\\n');
fs.appendFileSync(process.env.GITHUB_OUTPUT, 'node-version=v' + found + '\\n');
console.log('##[add-matcher]' + path.join(__dirname, 'matchers.json'));
`,
  'post.js': "console.log('nothing to keep');",
  'matchers.json': JSON.stringify({
    problemMatcher: [
      {
        owner: 'tsc',
        pattern: [{ regexp: '^(.+)\\((\\d+),(\\d+)\\): error (.*)$', file: 1, line: 2, column: 3, message: 4 }],
      },
    ],
  }),
};

describe('workflows of well-known projects', () => {
  const folders = new TestFolders();
  const repositories: TestRepository[] = [];
  let volt: TestVolt;
  const actionsUrl = folders.make();

  before(async () => {
    const action = new TestRepository(setupNode, { at: join(actionsUrl, 'actions/setup-node') });
    repositories.push(action);
    for (const tag of ['v3', 'v4']) action.git('tag', tag);
    const url = 'https://ci.example.org';
    volt = await TestVolt.startAll({ actionsUrl, url, toolCache: seededToolCache() }, { slots: 3 });
  });

  after(async () => {
    await volt?.stop();
    for (const repository of repositories) repository.remove();
    folders.remove();
  });

  /** A tool cache with two versions of Node; both are this machine's Node but report another version. */
  function seededToolCache(): string {
    const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
    const cache = folders.make();
    for (const version of ['20.20.0', '22.11.0']) {
      const bin = join(cache, 'node', version, 'x64', 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(
        join(bin, 'node'),
        `#!/bin/sh\n[ "$1" = -v ] && echo v${version} && exit\nexec ${process.execPath} "$@"\n`,
      );
      chmodSync(join(bin, 'node'), 0o755);
      symlinkSync(npm, join(bin, 'npm'));
      writeFileSync(join(cache, 'node', version, 'x64.complete'), '');
    }
    return cache;
  }

  for (const [index, project] of wellKnown.entries()) {
    it(`of ${project.name} run`, async () => {
      const repository = new TestRepository(project.files, { name: `project-${index}` });
      repositories.push(repository);
      await volt.observe(repository.path);
      const build = await volt.build(repository.head(), undefined, 60_000);
      const jobs = Object.fromEntries(build.jobs.map(({ name, status, reason }) => [name, [status, reason]]));
      const logs = build.jobs.map(({ id, attempts }) =>
        attempts.length > 0 ? readFileSync(logFile(volt.dataDir, { job: id, attempt: 1 }), 'utf8') : '',
      );
      expect(jobs, logs.join('\n')).to.deep.equal(project.jobs);
      expect(build.status).to.equal(project.status);
      const job = build.jobs.find(({ name }) => name === project.look.job);
      if (!job) throw new Error('no such job');
      expect(job.steps.map(({ name, status }) => [name, status])).to.deep.equal(project.look.steps);
      const log = readFileSync(logFile(volt.dataDir, { job: job.id, attempt: 1 }), 'utf8');
      for (const text of project.look.log) expect(log).to.match(text);
    });
  }

  it('deploy to an environment once a person has approved, with its secrets and its address', async () => {
    const path = '.github/workflows/deploy.yml';
    const called = `on: { workflow_call: { inputs: { host: { type: string } }, secrets: { KEY: {} } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    environment: { name: production, url: 'https://\${{ inputs.host }}/\${{ steps.at.outputs.path }}' }
    steps:
      - { id: at, run: 'echo path=v1 >> $GITHUB_OUTPUT' }
      - run: echo "key has \${#KEY}, region is \${{ vars.REGION }}"
        env: { KEY: '\${{ secrets.KEY }}' }
`;
    const repository = new TestRepository({ README: 'x' }, { name: 'deploying' });
    repositories.push(repository);
    await volt.observe(repository.path);
    const { database, config, queues } = volt.context;
    const [repo, environment] = ['deploying', 'production'];
    await setEnvironment(database, repo, { name: environment, branches: [], approve: true, waitMinutes: 0 });
    await setEnvironmentSecret(database, config, { repo, environment, name: 'KEY', value: '12345' });
    await setEnvironmentVariable(database, { repo, environment, name: 'REGION', value: 'north' });
    const workflow = `on: push
jobs: { call: { uses: ./${path}, with: { host: app.example }, secrets: { KEY: '\${{ secrets.NONE }}' } } }
`;
    repository.commit('deploys', { [path]: called, '.github/workflows/ci.yml': workflow });
    const waiting = await until('the job waits for approval', async () => {
      const [newest] = await listBuilds(database, { limit: 1, repo });
      const found = newest && (await findBuild(database, newest.id));
      return found?.jobs[0]?.reason === 'approval_required' && found;
    });
    await decideWaits(database, { build: waiting.id, jobs: null }, { decision: 'approved', by: 'ada', comment: null });
    await queues.sendAdvance({ v: 1, build: waiting.id });
    const build = await volt.build(repository.head(), undefined, 60_000);
    const [job] = build.jobs;
    if (!job) throw new Error('no job');
    const log = readFileSync(logFile(volt.dataDir, { job: job.id, attempt: 1 }), 'utf8');
    expect([job.name, job.status], log).to.deep.equal(['call / inner', 'success']);
    expect(log).to.include('\nkey has 5, region is north\n');
    expect(job.deployment).to.deep.equal({ environment: 'production', url: 'https://app.example/v1' });
  });

  it('call workflows of another repository, which use local actions and get the passed secrets', async () => {
    const path = '.github/workflows/test.yml';
    const called = `on: { workflow_call: { inputs: { word: { type: string } }, secrets: { KEY: {} } } }
jobs:
  inner:
    runs-on: ubuntu-latest
    steps:
      - uses: $/say
        with: { word: '\${{ inputs.word }}' }
      - run: echo "key has \${#KEY}, other has \${#OTHER}, from $FROM"
        env: { KEY: '\${{ secrets.KEY }}', OTHER: '\${{ secrets.OTHER }}', FROM: '\${{ job.workflow_repository }}' }
`;
    const say =
      "inputs: { word: {} }\nruns: { using: composite, steps: [{ run: 'echo said ${{ inputs.word }}', shell: sh }] }\n";
    const ci = new TestRepository({ [path]: called, 'say/action.yml': say }, { at: join(actionsUrl, 'acme/ci') });
    ci.git('tag', 'v1');
    const repository = new TestRepository({ README: 'x' }, { name: 'calling' });
    repositories.push(ci, repository);
    await volt.observe(repository.path);
    for (const name of ['MINE', 'OTHER'])
      await setSecret(volt.context.database, volt.context.config, {
        repo: 'calling',
        name,
        value: `a value of ${name}`,
        inEnvironment: false,
      });
    repository.commit('calls', {
      '.github/workflows/ci.yml': `on: push
jobs:
  call:
    uses: acme/ci/${path}@v1
    with: { word: it }
    secrets: { KEY: '\${{ secrets.MINE }}' }
`,
    });
    const build = await volt.build(repository.head(), undefined, 60_000);
    const [job] = build.jobs;
    if (!job) throw new Error('no job');
    const log = readFileSync(logFile(volt.dataDir, { job: job.id, attempt: 1 }), 'utf8');
    expect([job.name, job.status], log).to.deep.equal(['call / inner', 'success']);
    expect(log).to.include('\nsaid it\n').and.include('\nkey has 15, other has 0, from acme/ci\n');
  });

  it('have the token and the addresses of their forge, and ask for ID tokens of their own', async () => {
    const repository = new TestRepository({ README: 'x' }, { name: 'tokens' });
    repositories.push(repository);
    await volt.observe(repository.path);
    const { database, config } = volt.context;
    const forge = { name: 'hub', kind: 'github', token: 'for-statuses', repos: ['tokens=acme/app'] } as const;
    const given = { ...forge, repos: [...forge.repos], jobToken: 'canary-of-a-token', createdBy: 'owner' };
    await addForge(database, config, given);
    const ask = `fetch(process.env.ACTIONS_ID_TOKEN_REQUEST_URL + '&audience=sts', {
  headers: { authorization: 'Bearer ' + process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN },
}).then((answer) => answer.json()).then(({ value }) => {
  console.log('token ' + value);
  console.log('subject ' + JSON.parse(Buffer.from(value.split('.')[1], 'base64url')).sub);
});`;
    repository.commit('asks', {
      'ask.js': ask,
      '.github/workflows/ci.yml': `on: push
permissions: { contents: read, id-token: write }
jobs:
  ask:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo "api $GITHUB_API_URL of $GITHUB_REPOSITORY, token \${#TOKEN} $TOKEN"
        env: { TOKEN: '\${{ github.token }}' }
      - run: node ask.js
  none:
    permissions: {}
    runs-on: ubuntu-latest
    steps:
      - run: echo "token '\${{ secrets.GITHUB_TOKEN }}', asks at '$ACTIONS_ID_TOKEN_REQUEST_URL'"
`,
    });
    const build = await volt.build(repository.head(), undefined, 60_000);
    await removeForge(database, 'hub');
    const logOf = (name: string) => {
      const job = build.jobs.find((one) => one.name === name)?.id as JobId;
      return readFileSync(logFile(volt.dataDir, { job, attempt: 1 }), 'utf8');
    };
    expect(build.status, logOf('ask')).to.equal('success');
    expect(logOf('ask')).to.include('\napi https://api.github.com of acme/app, token 17 ***\n');
    expect(logOf('ask')).to.include('\ntoken ***\nsubject repo:acme/app:ref:refs/heads/main\n');
    expect(logOf('none')).to.include("\ntoken '', asks at ''\n");
  });
});
