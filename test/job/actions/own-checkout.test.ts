import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { GitOverHttp } from '../../support/git-over-http.ts';
import { TestJobs } from '../../support/job.ts';
import { TestRepository } from '../../support/repository.ts';

/**
 * Does what the real `actions/checkout` does with what a runner gives it: one script for main and post, told apart by its
 * state; the repository from the server that the environment names, with the token; the credentials in a file of the
 * runner's temporary folder until the end of the job; a home of its own while it writes git's configuration.
 */
const script = `
const { execFileSync } = require('child_process');
const { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('fs');
const { join, resolve } = require('path');
const env = process.env;
const input = (name) => (env['INPUT_' + name.toUpperCase()] || '').trim();
const say = (file, name, value) => appendFileSync(env[file], name + '<<ghadelimiter_1\\n' + value + '\\nghadelimiter_1\\n');
const folder = env.STATE_repositoryPath || resolve(env.GITHUB_WORKSPACE, input('path') || '.');
const git = (...args) => {
  console.log('[command]git ' + args.join(' '));
  return execFileSync('git', args, { cwd: folder, env: { ...env, HOME: home, GIT_TERMINAL_PROMPT: '0' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
};
const home = join(env.RUNNER_TEMP, 'home-' + process.pid);
mkdirSync(home, { recursive: true });
if (env.STATE_isPost) {
  console.log('removing ' + env.STATE_credentials + ' of ' + env.STATE_repositoryPath);
  rmSync(env.STATE_credentials);
  git('config', '--local', '--unset-all', 'include.path');
  process.exit(0);
}
say('GITHUB_STATE', 'isPost', 'true');
const token = input('token');
if (!token) { console.log('::error::Input required and not supplied: token'); process.exit(1); }
const basic = Buffer.from('x-access-token:' + token).toString('base64');
console.log('::add-mask::' + basic);
console.log('::add-matcher::' + join(__dirname, 'matcher.json'));
mkdirSync(folder, { recursive: true });
say('GITHUB_STATE', 'repositoryPath', folder);
const event = JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8'));
console.log('event of ' + event.repository.full_name + ' ' + event.after);
const url = env.GITHUB_SERVER_URL + '/' + input('repository');
git('config', '--global', '--add', 'safe.directory', folder);
git('init', '--quiet', folder);
git('remote', 'add', 'origin', url);
const credentials = join(env.RUNNER_TEMP, 'git-credentials.config');
writeFileSync(credentials, '[http "' + new URL(env.GITHUB_SERVER_URL).origin + '/"]\\n\\textraheader = AUTHORIZATION: basic ' + basic + '\\n');
say('GITHUB_STATE', 'credentials', credentials);
git('config', '--local', 'include.path', credentials);
const ref = input('ref') || env.GITHUB_REF;
const branch = ref.replace('refs/heads/', '');
const depth = Number(input('fetch-depth'));
git('-c', 'protocol.version=2', 'fetch', '--quiet', '--no-tags', ...(depth > 0 ? ['--depth=' + depth] : []), 'origin', '+' + (input('ref') || env.GITHUB_SHA) + ':refs/remotes/origin/' + branch);
git('checkout', '--quiet', '--force', '-B', branch, 'refs/remotes/origin/' + branch);
if (input('submodules') === 'true') {
  git('config', '--global', 'include.path', credentials);
  git('-c', 'protocol.version=2', 'submodule', '--quiet', 'update', '--init', '--force', '--depth=1');
}
say('GITHUB_OUTPUT', 'commit', git('log', '-1', '--format=%H'));
console.log('header was ' + basic);
console.log('::remove-matcher owner=own-checkout::');
`;

const manifest = `
name: Checkout
inputs:
  repository: { default: '\${{ github.repository }}' }
  token: { default: '\${{ github.token }}' }
  ref: { description: of a branch }
  path: {}
  fetch-depth: { default: 1 }
  submodules: { default: false }
outputs: { commit: { description: its id } }
runs: { using: node24, main: dist/index.js, post: dist/index.js }
`;

describe('the real actions/checkout, chosen by the settings', () => {
  const jobs = new TestJobs();
  const top = jobs.folders.make();
  let server: GitOverHttp;
  let repository: TestRepository;

  before(async () => {
    server = await GitOverHttp.start(top, 'x-access-token', 'forge-token');
    new TestRepository({ 's.txt': 'sub\n' }, { at: join(top, 'acme/sub') });
    repository = new TestRepository({ 'a.txt': 'one\n' }, { at: join(top, 'acme/app') });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '../sub', 'sub');
    repository.commit('with a submodule', {});
    repository.commit('two', { 'a.txt': 'two\n' });
    jobs.action('actions/checkout', {
      'action.yml': manifest,
      'dist/index.js': script,
      'dist/matcher.json':
        '{"problemMatcher":[{"owner":"own-checkout","pattern":[{"regexp":"^fatal: (.*)$","message":1}]}]}',
    });
  });
  after(async () => {
    await server.stop();
    await jobs.clean();
    jobs.folders.remove();
  });

  const run = (steps: string, token = 'forge-token') =>
    jobs.run(steps, {
      repository,
      facts: { repo: { name: 'app', url: server.url('acme/app'), defaultBranch: 'main' } },
      around: {
        ownActions: [],
        secrets: async () => ({ values: token === '' ? {} : { GITHUB_TOKEN: token }, withheld: null }),
      },
    });

  it('fetches the commit from the server that the repository is on, and takes its credentials away at the end', async () => {
    const { outcome, log, steps, workspace, folder } = await run(`
- uses: actions/checkout@main
  id: own
- run: cat a.txt; git fetch --quiet origin main && echo "fetched again \${{ steps.own.outputs.commit }}"
`);
    expect(outcome.status, log).to.equal('success');
    expect(log).to.include(`event of acme/app ${repository.head()}\n`);
    expect(log).to.include(`two\nfetched again ${repository.head()}\n`).and.include('header was ***');
    expect(steps.at(-1)).to.include({ name: 'Post Run actions/checkout@main', status: 'success' });
    const credentials = join(folder, 'temp', 'git-credentials.config');
    expect(log).to.include(`removing ${credentials} of ${workspace}\n`);
    expect(existsSync(credentials)).to.equal(false);
    expect(readFileSync(join(workspace, '.git/config'), 'utf8')).to.not.include('credentials');
  });

  it('supports path, ref, depth and submodules', async () => {
    repository.git('branch', '--force', 'side', 'main~1');
    const { outcome, log } = await run(`
- uses: actions/checkout@main
  with: { path: deep/down, ref: refs/heads/side, fetch-depth: 0, submodules: true }
- run: cd deep/down; cat a.txt; ls sub; git log --oneline | wc -l; git branch --show-current
`);
    expect(outcome.status, log).to.equal('success');
    expect(log)
      .to.match(/\none\n/)
      .and.match(/\ns.txt\n2\nside\n/);
  });

  it('reports a missing token, and cannot fetch with a wrong one', async () => {
    const none = await run('- uses: actions/checkout@main', '');
    expect(none.outcome).to.include({ status: 'failure', reason: 'exit_code' });
    expect(none.log).to.include('##[error]Input required and not supplied: token');
    const wrong = await run('- uses: actions/checkout@main', 'wrong');
    expect(wrong.outcome.status).to.equal('failure');
    expect(wrong.log).to.match(/fatal: .*(Authentication failed|could not read Username)/);
    expect(wrong.steps[1]?.annotations.some(({ message }) => /Authentication|Username/.test(message))).to.equal(true);
  });
});
