import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownerFetchPolicy } from '../../../src/git/access/fetch-policy.ts';
import { ActionStore } from '../../../src/job/actions/store.ts';
import { cancelled, mayBeRepeated } from '../../../src/job/outcome.ts';
import { jobText, short, TestJobs } from '../../support/job.ts';
import { until } from '../../support/until.ts';

/** Files of a JavaScript action that tells what it sees. */
function javascript(more: Record<string, string> = {}, runs = ''): Record<string, string> {
  return {
    'action.yml': `name: Greet
inputs:
  who: {default: world}
  two words: {default: '\${{ github.job }}'}
  plain: {required: true}
runs: {using: node16, main: main.js, post: post.js${runs}}`,
    'main.js': `const fs = require('fs');
console.log('hello ' + process.env.INPUT_WHO + ', ' + process.env.INPUT_TWO_WORDS + ', ' + process.env.INPUT_PLAIN);
console.log('at ' + process.env.GITHUB_ACTION_PATH + ' ' + fs.existsSync(process.env.GITHUB_ACTION_PATH + '/action.yml'));
fs.appendFileSync(process.env.GITHUB_OUTPUT, 'greeting=hi ' + process.env.INPUT_WHO + '\\n');
fs.appendFileSync(process.env.GITHUB_STATE, 'kept=' + process.env.INPUT_WHO + '\\n');
console.log('before: ' + process.env.STATE_before);
if (process.env.INPUT_WHO === 'nobody') process.exit(5);`,
    'post.js': `console.log('bye ' + process.env.STATE_kept);`,
    ...more,
  };
}

describe('actions', () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  const checkout = '- uses: actions/checkout@v4';

  describe('of the workspace', () => {
    it('in JavaScript have inputs, outputs, state and a post step, the latest first', async () => {
      const files = Object.fromEntries(
        Object.entries(javascript()).map(([name, text]) => [`actions/greet/${name}`, text]),
      );
      const { outcome, steps, log, workspace } = await jobs.run(
        `
${checkout}
- uses: ./actions/greet
  id: one
  with: {WHO: Ada, plain: x}
- name: Second
  uses: ./actions/greet
- run: echo "\${{ steps.one.outputs.greeting }}"
`,
        { repository: jobs.repository(files) },
      );
      expect(outcome.status).to.equal('success');
      expect(short(steps).map(([name]) => name)).to.deep.equal([
        ...['Set up job', 'Run actions/checkout@v4', 'Run ./actions/greet', 'Second', 'Run echo "hi Ada"'],
        ...['Post Second', 'Post Run ./actions/greet'],
      ]);
      expect(log).to.include('\nhello Ada, test, x\n').and.include('\nhello world, test, undefined\n');
      expect(log).to.include(`\nat ${workspace}/actions/greet true\n`).and.include('\nhi Ada\n');
      expect(log.endsWith('bye world\nbye Ada\n')).to.equal(true);
    });

    it('run their post step also if they or others failed', async () => {
      const greet = {
        ...javascript(),
        'action.yml': `${javascript()['action.yml']?.replace('}', '}').replace(/}$/, ", post-if: 'failure()'}")}`,
      };
      const files = Object.fromEntries(Object.entries(greet).map(([name, text]) => [`greet/${name}`, text]));
      const run = (who: string) =>
        jobs.run(`${checkout}\n- uses: ./greet\n  with: {who: ${who}}`, { repository: jobs.repository(files) });
      const failed = await run('nobody');
      expect(failed.outcome).to.include({ status: 'failure', reason: 'exit_code', exitCode: 5 });
      expect(failed.log).to.include('bye nobody');
      const good = await run('Ada');
      expect(good.outcome.status).to.equal('success');
      expect(short(good.steps).at(-1)).to.deep.equal(['Post Run ./greet', 'skipped', null]);
    });

    it('that are composite have steps of their own, with inputs, outputs, conditions and environment', async () => {
      const repository = jobs.repository({
        'outer/action.yml': `
inputs: {name: {default: you}, fail: {default: 'no'}}
outputs: {said: {value: "\${{ steps.inner.outputs.said }}!"}}
runs:
  using: composite
  steps:
    - {run: 'echo "outer \${{ inputs.name }} $FROM_STEP \${{ env.FROM_STEP }} $GITHUB_ACTION_PATH"', shell: bash}
    - {id: inner, uses: ./inner, with: {name: "\${{ inputs.name }}"}}
    - {run: exit 7, shell: sh, if: "inputs.fail == 'yes'"}
    - {run: echo not after a failure, shell: sh}
    - {run: echo after a failure, shell: sh, if: failure()}
`,
        'inner/action.yml': `
inputs: {name: }
outputs: {said: {value: "\${{ steps.say.outputs.said }}"}}
runs:
  using: composite
  steps:
    - {id: say, run: 'echo "said=\${{ inputs.name }}" >> $GITHUB_OUTPUT; echo "INNER=1" >> $GITHUB_ENV', shell: bash}
`,
      });
      const steps = (fail: string) => `
${checkout}
- id: use
  uses: ./outer
  with: {name: Ada, fail: '${fail}'}
  env: {FROM_STEP: given}
- run: echo "\${{ steps.use.outputs.said }} $INNER [\${{ steps.inner.outputs.said }}]"
  if: always()
`;
      const good = await jobs.run(steps('no'), { repository });
      expect(good.outcome.status).to.equal('success');
      expect(good.log).to.include(`\nouter Ada given given ${good.workspace}/outer\n`).and.include('\nAda! 1 []\n');
      expect(good.log).to.include('\nnot after a failure\n').and.not.include('\nafter a failure\n');
      const failed = await jobs.run(steps('yes'), { repository });
      expect(failed.outcome).to.include({ status: 'failure', exitCode: 7 });
      expect(failed.log)
        .to.include('\nafter a failure\n')
        .and.include('\nAda! 1 []\n')
        .and.not.include('\nnot after a failure\n');
      expect(failed.steps.map(({ status }) => status)).to.deep.equal(['success', 'success', 'failure', 'success']);
      expect(failed.log.match(/##\[error\]/g)).to.have.lengthOf(1);
    });

    it('that use themselves fail at the limit of nesting', async () => {
      const repository = jobs.repository({ 'loop/action.yml': 'runs: {using: composite, steps: [{uses: ./loop}]}' });
      const { outcome } = await jobs.run(`${checkout}\n- uses: ./loop`, { repository });
      expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
      expect(outcome.message).to.include('nested more than 10 deep');
    });

    it('that are missing or not valid are a failure of the commit', async () => {
      const repository = jobs.repository({
        'docker/action.yml': 'runs: {using: docker, image: Dockerfile}',
        'lost/action.yml': 'runs: {using: node20, main: nowhere.js}',
      });
      const { outcome, log, steps } = await jobs.run(
        `- uses: ./docker\n${checkout}\n  if: always()\n- uses: ./docker\n  if: always()\n- uses: ./lost\n  if: always()`,
        { repository },
      );
      expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
      expect(outcome.message).to.include('Did you forget to run actions/checkout');
      expect(log).to.include("File not found: 'Dockerfile'").and.include("File not found: 'nowhere.js'");
      expect(steps.map(({ status }) => status)).to.deep.equal(['success', 'failure', 'success', 'failure', 'failure']);
    });

    it('cannot be read through links that lead out', async () => {
      const repository = jobs.repository();
      const { outcome } = await jobs.run(`- run: mkdir x; ln -s ${repository.path}/a.txt x/action.yml\n- uses: ./x`, {
        repository,
      });
      expect(outcome.message).to.include('leads out of its folder');
    });
  });

  describe('of other repositories', () => {
    it('are fetched by branch, tag and commit, and their pre runs first', async () => {
      const action = jobs.action(
        'acme/greet',
        javascript(
          {
            'pre.js': `require('fs').appendFileSync(process.env.GITHUB_STATE, 'before=yes\\n'); console.log('pre ' + process.env.INPUT_WHO)`,
          },
          ', pre: pre.js',
        ),
      );
      action.git('tag', '--annotate', '--message', 'one', 'v1');
      const pinned = action.head();
      action.commit('two', { 'main.js': "console.log('the second');" });
      const { outcome, log, steps, folder } = await jobs.run(`
- run: echo first
- uses: acme/greet@v1
  with: {who: tag}
- uses: acme/greet@main
- uses: acme/greet@${pinned}
  with: {who: pinned}
`);
      expect(outcome.status).to.equal('success');
      expect(
        short(steps)
          .map(([name]) => name)
          .slice(0, 5),
      ).to.deep.equal([
        ...[
          'Set up job',
          'Pre Run acme/greet@v1',
          'Pre Run acme/greet@main',
          `Pre Run acme/greet@${pinned}`,
          'Run echo first',
        ],
      ]);
      expect(log).to.match(
        /pre tag[\s\S]*\nfirst\n[\s\S]*hello tag, test, undefined\nat .*\nbefore: yes\n[\s\S]*the second\n[\s\S]*hello pinned/,
      );
      expect(log).to.include(`Download action repository 'acme/greet@v1' (SHA:${pinned})`);
      expect(readdirSync(join(folder, 'actions')).some((name) => /^acme_greet@v1-\d$/.test(name))).to.equal(true);
    });

    it('run their pre first also inside composite actions, and pass its state to main', async () => {
      jobs.action('acme/inner', {
        'action.yml': 'inputs: {who: {}}\nruns: {using: node20, pre: pre.js, main: main.js}',
        'pre.js': `console.log('pre of ' + process.env.INPUT_WHO); require('fs').appendFileSync(process.env.GITHUB_STATE, 'kept=' + process.env.INPUT_WHO + '\\n');`,
        'main.js': "console.log('main has ' + process.env.STATE_kept);",
      });
      jobs.action('acme/outer', {
        'action.yml':
          "inputs: {name: {}}\nruns: {using: composite, steps: [{uses: acme/inner@main, with: {who: '${{ inputs.name }}'}}]}",
      });
      const { log, steps, outcome } = await jobs.run(`
- run: echo first
- uses: acme/outer@main
  with: { name: '\${{ env.N }}' }
  env: { N: Ada }
- uses: acme/outer@main
  with: { name: Bob }
`);
      expect(outcome.status).to.equal('success');
      expect(log).to.match(
        /\npre of Ada\n[\s\S]*pre of Bob\n[\s\S]*\nfirst\n[\s\S]*main has Ada\n[\s\S]*main has Bob\n/,
      );
      expect(short(steps).slice(1, 3)).to.deep.equal([
        ['Pre Run acme/inner@main', 'success', null],
        ['Pre Run acme/inner@main', 'success', null],
      ]);
    });

    it('in the workspace warn that their pre, or a nested one, does not run', async () => {
      jobs.action('acme/early', {
        'action.yml': 'runs: {using: node20, pre: pre.js, main: main.js}',
        'pre.js': `console.log('pre of early')`,
        'main.js': `console.log('main of early')`,
      });
      const repository = jobs.repository({
        'own/action.yml': 'runs: {using: node20, pre: pre.js, main: main.js}',
        'own/pre.js': `console.log('pre of own')`,
        'own/main.js': `console.log('main of own')`,
        'both/action.yml': 'runs: {using: composite, steps: [{uses: acme/early@main}]}',
        'none/action.yml': 'runs: {using: composite, steps: [{run: echo x, shell: sh}]}',
      });
      const steps = ['own', 'both', 'none'].map((name) => `- uses: ./${name}`).join('\n');
      const { outcome, log } = await jobs.run(`- uses: actions/checkout@v4\n${steps}`, { repository });
      expect(outcome.status).to.equal('success');
      expect(log).to.include('main of own').and.to.include('main of early').and.to.not.include('pre of');
      const warnings = log.match(/(?<=##\[warning\]).*/g);
      expect(warnings).to.deep.equal(
        ['own', 'both'].map((name) => `\`pre\` execution is not supported for local action from './${name}'`),
      );
    });

    it('of the same repository, by $/, are those of the commit, whatever is in the workspace', async () => {
      const repository = jobs.repository({
        'own/action.yml':
          "runs: {using: composite, steps: [{uses: $/deep/js}, {run: 'echo at ${{ github.action_repository }}', shell: sh}, {uses: ./local}]}",
        'deep/js/action.yml': 'runs: {using: node20, pre: pre.js, main: main.js}',
        'deep/js/pre.js': "console.log('pre of own')",
        'deep/js/main.js': "console.log('main of own, ' + __dirname)",
        'local/action.yml': 'runs: {using: composite, steps: [{uses: $/deep/js}]}',
      });
      const { outcome, log, steps, workspace } = await jobs.run(
        `
- run: |
    mkdir local
    echo "runs: {using: composite, steps: [{uses: '$/deep/js'}]}" > local/action.yml; ls
- uses: $/own
`,
        { repository },
      );
      expect(outcome.message).to.equal(null);
      expect(log).to.match(
        /\npre of own\n[\s\S]*\nlocal\n[\s\S]*\nmain of own, [\s\S]*\nat local\/app\n[\s\S]*\nmain of own, /,
      );
      expect(log).to.include(`Take the actions of this repository from commit ${repository.head()}\n`);
      expect(log).to.not.include(`main of own, ${workspace}`);
      expect(steps.map(({ name }) => name).slice(1)).to.deep.equal([
        'Pre Run $/deep/js',
        'Run mkdir local',
        'Run $/own',
      ]);
    });

    it('of another repository use those beside them by $/, and so do its workflows', async () => {
      const action = jobs.action('acme/kit', {
        'one/action.yml': 'runs: {using: composite, steps: [{uses: $/two}]}',
        'two/action.yml': "runs: {using: composite, steps: [{run: 'echo two of kit', shell: sh}]}",
      });
      action.git('tag', 'v1');
      action.commit('later', { 'two/action.yml': "runs: {using: composite, steps: [{run: 'echo later', shell: sh}]}" });
      const own = { 'two/action.yml': "runs: {using: composite, steps: [{run: 'echo two of app', shell: sh}]}" };
      const repository = jobs.repository(own);
      const plan = (uses: string) =>
        jobs.plans(jobText(`- uses: ${uses}\n- run: echo "\${{ job.workflow_ref }}"`), repository).test;
      const run = async (uses: string, change: object = {}) => {
        const made = plan(uses);
        if (!made) throw new Error('no plan');
        const started = jobs.start({ ...made, workflow: { ...made.workflow, ...change } }, repository);
        const { outcome } = await started.ended;
        return { message: outcome.message, log: started.log() };
      };
      const of = await run('acme/kit/one@v1');
      expect(of.message).to.equal(null);
      expect(of.log).to.include('\ntwo of kit\n').and.include('\nlocal/app/ci.yml@refs/heads/main\n');
      const source = { repository: 'acme/kit', ref: 'main', sha: action.head(), path: '.github/workflows/t.yml' };
      const called = await run('$/two', { source });
      expect(called.log).to.include('\nlater\n').and.include('\nacme/kit/.github/workflows/t.yml@main\n');
    });

    it('need no network once they were fetched', async () => {
      const action = jobs.action('acme/offline', {
        'sub/action.yml': 'runs: {using: composite, steps: [{run: echo from sub, shell: sh}]}',
      });
      action.git('tag', 'v1');
      const pinned = action.head();
      const steps = `- uses: acme/offline/sub@v1\n- uses: acme/offline/sub@${pinned}`;
      expect((await jobs.run(steps)).outcome.status).to.equal('success');
      renameSync(action.path, `${action.path}-gone`);
      const { outcome, log } = await jobs.run(steps);
      renameSync(`${action.path}-gone`, action.path);
      expect(outcome.status).to.equal('success');
      expect(log).to.match(/\[volt\] cannot reach .*acme\/offline; using the last known commit of v1, [0-9a-f]{40}/);
      expect(log.match(/\nfrom sub\n/g)).to.have.lengthOf(2);
    });

    it('that cannot be fetched are an error of Volt, before any step runs', async () => {
      jobs.action('acme/there', { 'action.yml': 'runs: {using: node20, main: x}' });
      for (const [uses, words] of [
        ['acme/nowhere@v1', 'cannot get the action acme/nowhere@v1'],
        ['acme/there@v9', 'has no branch or tag "v9"'],
        [`acme/there@${'d'.repeat(40)}`, 'cannot get the action acme/there@dddd'],
      ]) {
        const { outcome, begun, steps, log } = await jobs.run(`- run: echo not this\n- uses: ${uses}`);
        expect(outcome).to.include({ status: 'error', reason: 'action_unavailable' });
        expect(outcome.message).to.include(words);
        expect(mayBeRepeated(outcome, begun), 'another attempt would not find it, either').to.equal(false);
        expect(steps.map(({ status }) => status)).to.deep.equal(['error', 'skipped', 'skipped']);
        expect(log).to.not.include('\nnot this\n');
      }
    });

    it('whose server does not answer allow another attempt, also if no step reaches them', async () => {
      const actions = new ActionStore(jobs.folders.make(), 'http://127.0.0.1:1', {
        fetchPolicy: ownerFetchPolicy,
        limits: {},
      });
      const steps = '- run: echo not this\n- uses: acme/there@v1\n  if: false';
      const { outcome, begun, log } = await jobs.run(steps, { around: { actions } });
      expect(outcome).to.include({ status: 'error', reason: 'action_unavailable' });
      expect(mayBeRepeated(outcome, begun)).to.equal(true);
      expect(log).to.not.include('\nnot this\n');
    });

    it('are refused if a pinned id is not that of a commit', async () => {
      const action = jobs.action('acme/tagged', { 'action.yml': 'runs: {using: node20, main: x}' });
      action.git('tag', '--annotate', '--message', 'one', 'v1');
      const { outcome } = await jobs.run(`- uses: acme/tagged@${action.git('rev-parse', 'refs/tags/v1')}`);
      expect(outcome).to.include({ status: 'error', reason: 'action_unavailable' });
      expect(outcome.message).to.include('is not the id of a commit');
    });

    it('cannot change their files for other jobs', async () => {
      const action = jobs.action('acme/writer', {
        'action.yml':
          'runs: {using: composite, steps: [{run: "ls $GITHUB_ACTION_PATH; touch $GITHUB_ACTION_PATH/made", shell: bash}]}',
      });
      action.git('tag', 'v1');
      for (let round = 1; round <= 2; round++) {
        const { log } = await jobs.run('- uses: acme/writer@v1');
        expect(log).to.include('\naction.yml\n').and.not.include('\nmade\n');
      }
    });

    it('are fetched once for jobs that need them at the same time', async () => {
      const action = jobs.action('acme/busy', {
        'action.yml': 'runs: {using: composite, steps: [{run: echo busy, shell: sh}]}',
      });
      const cache = jobs.folders.make();
      const store = new ActionStore(cache, jobs.actionsUrl, { fetchPolicy: ownerFetchPolicy, limits: {} });
      const reference = { kind: 'remote', repository: 'acme/busy', path: '', ref: action.head() } as const;
      const signal = new AbortController().signal;
      const got = await Promise.all(Array.from({ length: 5 }, () => store.get(reference, () => undefined, signal)));
      expect(new Set(got.map(({ folder }) => folder)).size).to.equal(1);
      expect(existsSync(join(got[0]?.folder ?? '', 'action.yml'))).to.equal(true);
    });

    it('are fetched for waiting jobs also if the job that fetches is cancelled', async () => {
      const action = jobs.action('acme/shared', {
        'action.yml': 'runs: {using: composite, steps: [{run: echo shared, shell: sh}]}',
      });
      const store = new ActionStore(jobs.folders.make(), jobs.actionsUrl, {
        fetchPolicy: ownerFetchPolicy,
        limits: {},
      });
      const reference = { kind: 'remote', repository: 'acme/shared', path: '', ref: action.head() } as const;
      const stop = new AbortController();
      const get = (signal: AbortSignal) => store.get(reference, () => undefined, signal);
      const first = get(stop.signal).then(
        () => 'done',
        () => 'cancelled',
      );
      const others = [get(new AbortController().signal), get(new AbortController().signal)];
      stop.abort();
      expect(await first).to.equal('cancelled');
      for (const { folder } of await Promise.all(others)) expect(existsSync(join(folder, 'action.yml'))).to.equal(true);
    });
  });

  it('that Volt can implement are fetched if the settings do not list them', async () => {
    jobs.action('actions/checkout', {
      'action.yml': 'runs: {using: composite, steps: [{run: echo the real one, shell: sh}]}',
    });
    const steps = '- uses: actions/checkout@main';
    const real = await jobs.run(steps, { around: { ownActions: ['actions/cache'] } });
    expect(real.log).to.include('\nthe real one\n');
    expect((await jobs.run(steps)).log).to.include('Checking out');
  });

  it('end with their job, and their post step runs', async () => {
    const files = javascript({
      'main.js': "console.log('waiting'); setInterval(() => {}, 1000);",
      'post.js': "console.log('cleaned');",
    });
    jobs.action('acme/endless', files);
    const repository = jobs.repository();
    const plan = jobs.plans(jobText('- uses: acme/endless@main'), repository).test;
    if (!plan) throw new Error('no plan');
    const job = jobs.start(plan, repository);
    await until('it waits', () => job.log().includes('\nwaiting\n'));
    job.stop.abort(cancelled('enough'));
    const { outcome, steps } = await job.ended;
    expect(outcome.status).to.equal('cancelled');
    expect(short(steps).slice(1)).to.deep.equal([
      ['Run acme/endless@main', 'cancelled', null],
      ['Post Run acme/endless@main', 'success', null],
    ]);
    expect(job.log()).to.include('\ncleaned\n');
  });

  it('speak to the runner by commands, and register problem matchers of their own', async () => {
    jobs.action('acme/lint', {
      'action.yml': 'runs: {using: node20, main: main.js}',
      'main.js':
        "console.log('##[add-matcher]' + require('path').join(__dirname, 'lint.json')); console.log('::warning file=b.js,line=2::careful');",
      'lint.json': JSON.stringify({
        problemMatcher: [{ owner: 'lint', pattern: [{ regexp: '^(.+):(\\d+): (.*)$', file: 1, line: 2, message: 3 }] }],
      }),
    });
    const { steps } = await jobs.run(
      '- uses: acme/lint@main\n- run: "echo a.js:3: bad"\n- run: "echo ::remove-matcher owner=lint::; echo a.js:4: bad"',
    );
    expect(steps[1]?.annotations).to.have.lengthOf(1);
    expect(steps[2]?.annotations[0]).to.include({ level: 'error', file: 'a.js', line: 3, message: 'bad' });
    expect(steps[3]?.annotations).to.deep.equal([]);
  });
});
