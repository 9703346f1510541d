import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { cancelled, mayBeRepeated, runnerFailed, timedOut } from '../../src/job/outcome.ts';
import { jobText, short, TestJobs } from '../support/job.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

describe("a workflow's job", () => {
  const jobs = new TestJobs();
  afterEach(() => jobs.clean());
  after(jobs.folders.remove);

  it('runs its steps in order, in an empty workspace', async () => {
    const { outcome, steps, log, told, workspace } = await jobs.run(`
- run: pwd; ls -A | wc -l
- name: Second
  run: |
    echo two
    echo lines
`);
    expect(outcome).to.deep.equal({ status: 'success', reason: null, message: null, exitCode: 0 });
    expect(short(steps)).to.deep.equal([
      ['Set up job', 'success', null],
      ['Run pwd; ls -A | wc -l', 'success', 0],
      ['Second', 'success', 0],
    ]);
    expect(log)
      .to.include(`##[endgroup]\n${workspace}\n0\n`)
      .and.include('##[group]Run echo two\necho two\necho lines\nshell: ');
    expect(log.endsWith('##[endgroup]\ntwo\nlines\n')).to.equal(true);
    expect(told[0]?.map(({ status }) => status)).to.deep.equal(['running']);
    for (const { logStart, logEnd } of steps) expect(logEnd).to.be.at.least(logStart ?? -1);
    expect(log.slice(steps[2]?.logStart ?? 0, steps[2]?.logEnd ?? 0)).to.match(/^##\[group\]Run echo two/);
  });

  describe('that cannot begin though the commit is not at fault', () => {
    const steps = `
- uses: actions/checkout@v4
- run: echo told
  if: always()
- uses: actions/upload-artifact@v4
  if: failure()
  with: {name: x, path: .}
`;
    /** Its server answers nobody. */
    const repository = Object.assign(Object.create(TestRepository.prototype) as TestRepository, {
      path: 'http://127.0.0.1:1/app.git',
      head: () => 'd'.repeat(40),
    });

    it('ends at once if another attempt follows, without reporting a failure', async () => {
      const { outcome, begun, steps: ended, log } = await jobs.run(steps, { repository, repeatable: true });
      expect(outcome).to.include({ status: 'error', reason: 'fetch_failed' });
      expect(mayBeRepeated(outcome, begun)).to.equal(true);
      expect(ended.map(({ status }) => status)).to.deep.equal(['success', 'error', 'skipped', 'skipped']);
      expect(log).to.not.include('\ntold\n');
    });

    it('runs steps with always() if no attempt follows', async () => {
      const { outcome, log } = await jobs.run(steps, { repository });
      expect(outcome).to.include({ status: 'error', reason: 'fetch_failed' });
      expect(log).to.include('\ntold\n');
    });

    it('is not repeated once one of its commands has begun', async () => {
      const text = `- run: echo deployed\n${steps}`;
      const { outcome, begun, log } = await jobs.run(text, { repository, repeatable: true });
      expect(outcome).to.include({ status: 'error', reason: 'fetch_failed' });
      expect([begun, mayBeRepeated(outcome, begun)]).to.deep.equal([true, false]);
      expect(log).to.include('\ntold\n');
    });
  });

  it('fails with the first failed step, and skips the steps after it', async () => {
    const { outcome, steps, log } = await jobs.run(`
- run: exit 3
- run: echo not this
- run: echo cleaned; exit 4
  if: failure()
- run: echo always
  if: always()
`);
    expect(outcome).to.deep.equal({
      status: 'failure',
      reason: 'exit_code',
      message: 'Run exit 3: Process completed with exit code 3.',
      exitCode: 3,
    });
    expect(short(steps).slice(1)).to.deep.equal([
      ['Run exit 3', 'failure', 3],
      ['Run echo not this', 'skipped', null],
      ['Run echo cleaned; exit 4', 'failure', 4],
      ['Run echo always', 'success', 0],
    ]);
    expect(log).to.include('##[error]Process completed with exit code 3.\n').and.not.include('\nnot this\n');
    expect(steps[1]?.annotations[0]).to.include({ level: 'error', message: 'Process completed with exit code 3.' });
  });

  it('goes on after a failed step with continue-on-error, whose outcome expressions see', async () => {
    const { outcome, steps, log } = await jobs.run(`
- run: exit 3
  id: shaky
  continue-on-error: true
- run: echo "\${{ steps.shaky.outcome }} \${{ steps.shaky.conclusion }} \${{ job.status }}"
- run: echo \${{ steps.skipped.outcome }}.
- run: 'true'
  id: skipped
  if: false
- run: echo \${{ steps.skipped.outcome }} \${{ steps.skipped.conclusion }}
`);
    expect(outcome.status).to.equal('success');
    expect(steps[1]).to.include({ status: 'success', outcome: 'failure', exitCode: 3 });
    expect(log).to.include('\nfailure success success\n').and.include('\n.\n').and.include('\nskipped skipped\n');
  });

  it('reads outputs, variables, search path and summary from files', async () => {
    const { outcome, steps, outputs, log } = await jobs.run(
      `
- id: one
  run: |
    echo "a=1" >> "$GITHUB_OUTPUT"
    printf 'text<<EOF\\nline 1\\nline 2\\nEOF\\n' >> "$GITHUB_OUTPUT"
    echo "GREETING=hello" >> "$GITHUB_ENV"
    mkdir tools; printf '#!/bin/sh\\necho tool\\n' > tools/mytool; chmod +x tools/mytool
    echo "$PWD/tools" >> "$GITHUB_PATH"
    echo '# Well' >> "$GITHUB_STEP_SUMMARY"
- run: echo "\${{ steps.one.outputs.a }} $GREETING \${{ env.GREETING }} $(mytool)"
- run: echo '::set-output name=b::two'
  id: two
`,
      {
        job: 'outputs:\n  a: ${{ steps.one.outputs.a }}\n  text: ${{ steps.one.outputs.text }}\n  b: x${{ steps.two.outputs.b }}',
      },
    );
    expect(outcome.status).to.equal('success');
    expect(log).to.include('\n1 hello hello tool\n');
    expect(outputs).to.deep.equal({ a: '1', text: 'line 1\nline 2', b: 'xtwo' });
    expect(steps[1]?.summary).to.equal('# Well\n');
  });

  it('fails a step whose files cannot be read, even if its command succeeded', async () => {
    const { outcome, steps } = await jobs.run(`
- run: echo nonsense >> "$GITHUB_ENV"
- run: echo 'A<<X' >> "$GITHUB_OUTPUT"
  if: always()
- run: rm "$GITHUB_OUTPUT"; ln -s /etc/passwd "$GITHUB_OUTPUT"
  if: always()
- run: rm "$GITHUB_OUTPUT"; mkfifo "$GITHUB_OUTPUT"
  if: always()
- run: rm "$GITHUB_OUTPUT"
  if: always()
`);
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed', exitCode: null });
    expect(outcome.message).to.include('Unable to process the file GITHUB_ENV: Invalid format in line 1');
    expect(steps.slice(1).map(({ status }) => status)).to.deep.equal([
      'failure',
      'failure',
      'failure',
      'failure',
      'success',
    ]);
    expect(steps[3]?.annotations[0]?.message).to.include('leads out').and.not.include('root:');
  });

  it('does not let a step set NODE_OPTIONS for others', async () => {
    const { outcome, steps, log } = await jobs.run(`
- run: printf 'NODE_OPTIONS=--inspect\\nOK=1\\n' >> "$GITHUB_ENV"
- run: echo "[$NODE_OPTIONS$OK]"
`);
    expect(outcome.status).to.equal('success');
    expect(steps[1]?.annotations[0]?.message).to.include('NODE_OPTIONS');
    expect(log).to.include('\n[1]\n');
  });

  it('merges the environments of workflow, job and step; the inner one wins', async () => {
    const { log } = await jobs.run(
      `
- run: echo "$A $B $C $D"
  env:
    C: step
    D: \${{ env.A }}-\${{ env.C }}
- run: echo "$A $B $C"
`,
      { head: 'env: {A: workflow, B: workflow, C: workflow}', job: 'env:\n  B: job\n  C: ${{ github.job }}-job' },
    );
    expect(log).to.include('\nworkflow job step workflow-test-job\n').and.include('\nworkflow job test-job\n');
  });

  it('has the contexts and variables that GitHub gives', async () => {
    const repository = jobs.repository();
    const { log, folder, workspace } = await jobs.run(
      `
- id: here
  shell: bash
  run: |
    echo "ref=$GITHUB_REF sha=$GITHUB_SHA name=$GITHUB_REF_NAME event=$GITHUB_EVENT_NAME action=$GITHUB_ACTION"
    echo "ws=$GITHUB_WORKSPACE temp=$RUNNER_TEMP os=$RUNNER_OS ci=$CI actions=$GITHUB_ACTIONS job=$GITHUB_JOB wf=$GITHUB_WORKFLOW"
    echo "\${{ github.workspace }} \${{ runner.temp }} \${{ runner.os }} \${{ github.job }} \${{ strategy.job-total }}"
    grep -q '"after": "'$GITHUB_SHA'"' "$GITHUB_EVENT_PATH" && echo event is there
    env | grep -c '^VOLT_' || true
`,
      { repository, head: 'name: My flow' },
    );
    const temp = join(folder, 'temp');
    expect(log).to.include(`ref=refs/heads/main sha=${repository.head()} name=main event=push action=here\n`);
    expect(log).to.include(`ws=${workspace} temp=${temp} os=Linux ci=true actions=true job=test wf=My flow\n`);
    expect(log).to.include(`\n${workspace} ${temp} Linux test 1\nevent is there\n0\n`);
  });

  it('runs scripts with heredocs, quotes and expressions as they are written', async () => {
    const { log } = await jobs.run(`
- run: |
    cat <<'EOF'
      it's "quoted" \${{ 'it''s o''clock' }} $HOME \\n
    EOF
    python3 - <<PY
    if True:
        print('indented ''\${{ github.job }}''')
    PY
- run: >-
    echo folded
    into one
- shell: python
  run: |
    import sys
    print('from', 'python')
- shell: bash
  run: |
    false | true || echo pipefail
- run: |
    false | true && echo no pipefail
- shell: perl {0}
  run: print "from perl\\n";
- shell: sh
  working-directory: sub
  if: always()
  run: pwd
`);
    expect(log).to.include(`\n  it's "quoted" it's o'clock $HOME \\n\nindented test\n`);
    expect(log).to.include('\nfolded into one\n').and.include('\nfrom python\n').and.include('\npipefail\n');
    expect(log).to.include('\nno pipefail\n').and.include('\nfrom perl\n');
    expect(log).to.include("##[error]there is no working directory 'sub'");
  });

  it('starts in the working directory and with the shell of its defaults', async () => {
    const { log, workspace } = await jobs.run('- run: mkdir -p sub\n  working-directory: .\n- run: pwd; echo $0', {
      job: "defaults:\n  run:\n    shell: bash\n    working-directory: 'sub'",
    });
    expect(log).to.include(`\n${workspace}/sub\n`).and.include('shell: ').and.include('--noprofile');
  });

  it('ends a step at its time limit, and goes on', async () => {
    const sleep = longSleep();
    const { outcome, steps } = await jobs.run(`
- run: sleep ${sleep}
  timeout-minutes: 0.005
- run: echo after
  if: failure()
`);
    expect(outcome).to.include({ status: 'failure', reason: 'timeout' });
    expect(outcome.message).to.include('timed out after 0.005 minutes');
    expect(
      short(steps)
        .slice(1)
        .map(([, status]) => status),
    ).to.deep.equal(['failure', 'success']);
  });

  it('fails the step with an error in an expression', async () => {
    const { outcome, steps } = await jobs.run(`
- run: echo \${{ fromJSON(env.NOTHING) }}
- run: echo after
  if: always()
`);
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.include('fromJSON');
    expect(steps[2]?.status).to.equal('success');
  });

  it('hashes files', async () => {
    const { log } = await jobs.run(`
- run: mkdir -p a/b; echo 1 > a/x.lock; echo 2 > a/b/y.lock; echo 3 > a/z.txt
- run: |
    echo "one=\${{ hashFiles('a/x.lock') }}"
    echo "all=\${{ hashFiles('**/*.lock') }}"
    echo "not=\${{ hashFiles('**/*.lock', '!a/b/**') }}"
    echo "none=[\${{ hashFiles('**/nothing') }}]"
    echo "out=[\${{ hashFiles('/etc/passwd', '../../**') }}]"
    echo "folder=\${{ hashFiles('a') }}"
- run: echo yes
  if: hashFiles('a/x.lock') != ''
`);
    const value = (name: string) => new RegExp(`\\n${name}=(.*)\\n`).exec(log)?.[1];
    expect(value('one')).to.match(/^[0-9a-f]{64}$/);
    expect(value('all'))
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(value('one'));
    expect(value('not')).to.equal(value('one'));
    expect(value('none')).to.equal('[]');
    expect(value('out')).to.equal('[]');
    expect(new Set([value('folder'), value('all'), value('one')]).size).to.equal(3);
    expect(log).to.include('\nyes\n');
  });

  it('hides secrets in log, annotations, summary and messages, and keeps them out of outputs', async () => {
    const { log, steps, outputs, outcome } = await jobs.run(
      `
- id: a
  name: Use \${{ secrets.TOKEN }}
  run: |
    echo "\${{ secrets.TOKEN }} [\${{ secrets.OTHER }}]"
    printf 'hun'; sleep 0.05; printf 'ter-two\\n'
    echo "::error::it was $T"
    echo "$T" >> "$GITHUB_STEP_SUMMARY"
    echo "t=$T" >> "$GITHUB_OUTPUT"
    echo "::add-mask::later-secret"
    echo later-secret
    exit 1
  env:
    T: \${{ secrets.TOKEN }}
`,
      {
        around: { secrets: async () => ({ values: { TOKEN: 'hunter-two' }, withheld: null }) },
        job: 'outputs:\n  t: ${{ steps.a.outputs.t }}',
      },
    );
    const everything = JSON.stringify({ log, steps, outputs, outcome });
    expect(everything).to.not.include('hunter-two').and.not.include('\nlater-secret');
    expect(log).to.include('\n*** []\n***\n');
    expect(steps[1]?.annotations[0]?.message).to.equal('it was ***');
    expect(steps[1]?.summary).to.equal('***\n');
    expect(outputs).to.deep.equal({});
    expect(steps[0]?.annotations[0]?.message).to.include("Skip output 't'");
  });

  it('whose environment is too large for the system is the fault of the commit, and named', async () => {
    const { outcome } = await jobs.run(
      `- run: printf 'BIG=%s\\n' "$(head -c 200000 /dev/zero | tr '\\0' x)" >> "$GITHUB_ENV"\n- run: echo not this`,
    );
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.include('BIG has 196 KB. One variable may have 128 KB');
  });

  it('accepts an expression for a whole environment, all inputs or all defaults', async () => {
    const action = `
name: x
inputs: { a: {}, b: {} }
runs:
  using: composite
  steps:
    - { run: 'echo "$P-$Q"', shell: bash, env: { '\${{ insert }}': '\${{ fromJSON(inputs.a) }}', '\${{ inputs.b }}': 2 } }
    - { run: 'echo "all $P"', shell: bash, env: '\${{ fromJSON(inputs.a) }}' }
`;
    const { outcome, log } = await jobs.run(
      `
- run: mkdir own; cd own; printf '%s' "$ACTION" > action.yml; echo "$X \${{ env.X }} $Y"
  working-directory: .
- run: pwd
- uses: ./own
  with: \${{ fromJSON('{"a":"{\\"P\\":1}","b":"Q"}') }}
`,
      {
        head: `env: \${{ fromJSON('{"X":"x"}') }}`,
        job: `
defaults: { run: "\${{ fromJSON('{\\"working-directory\\":\\"own\\",\\"shell\\":\\"sh\\"}') }}" }
env:
  \${{ insert }}: \${{ fromJSON('{"Y":"y"}') }}
  ACTION: |${action.replaceAll('\n', '\n    ').replaceAll('${{', "${{ '${{' }}")}
`,
      },
    );
    expect(outcome.message).to.equal(null);
    expect(log).to.include('\nx x y\n').and.include('/workspace/own\n').and.include('\n1-2\n').and.include('\nall 1\n');
  });

  it('evaluates all fields of a step with its own environment', async () => {
    const { outcome, steps, log } = await jobs.run(
      `
- name: Named \${{ env.X }}
  if: env.X == 'y'
  env: { X: y, T: 1, C: true }
  timeout-minutes: \${{ env.T }}
  continue-on-error: \${{ env.C }}
  run: echo ran; exit 3
- run: echo nested
  if: env.X == ''
- id: bad
  name: Bad
  if: false
  env: { X: "\${{ fromJSON('{') }}" }
  run: echo not this
`,
    );
    expect(log).to.include('\nran\n').and.include('\nnested\n').and.not.include('\nnot this\n');
    expect(short(steps).slice(1)).to.deep.equal([
      ['Named y', 'success', 3],
      ['Run echo nested', 'success', 0],
      ['Bad', 'failure', null],
    ]);
    expect(steps[3]?.startedAt).to.not.equal(null);
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
  });

  describe('that is ended from outside', () => {
    const text = (sleep: number | string, after = '') =>
      jobText(`
- run: echo begun; sleep ${sleep}
- run: echo ordinary
- run: echo cancelled \${{ job.status }}
  if: cancelled()
- run: echo always${after}
  if: always()
`);

    async function endedBy(ending: Error, after = '', around = {}) {
      const repository = jobs.repository();
      const sleep = longSleep();
      const plan = jobs.plans(text(sleep, after), repository).test;
      if (!plan) throw new Error('no plan');
      const job = jobs.start(plan, repository, around);
      await until('it sleeps', () => processesWith(sleep).length > 0);
      job.stop.abort(ending);
      const result = await job.ended;
      await until('nothing of it is left', () => processesWith(sleep).length === 0);
      return { ...result, log: job.log() };
    }

    it('by a cancel still runs steps with always()', async () => {
      const { outcome, steps, log } = await endedBy(cancelled('enough'));
      expect(outcome).to.include({ status: 'cancelled', reason: 'by_user', message: 'enough' });
      expect(steps.slice(1).map(({ status }) => status)).to.deep.equal(['cancelled', 'skipped', 'success', 'success']);
      expect(log).to.include('\ncancelled cancelled\n').and.include('\nalways\n').and.not.include('\nordinary\n');
    });

    it('lets a running step with always() go on, also inside an action, and the ones after it', async () => {
      const repository = jobs.repository({
        'clean/action.yml':
          'runs: {using: composite, steps: [{run: "echo clean begun; until test -e go; do sleep 0.05; done; echo clean done", shell: sh}, {run: echo second, shell: sh}]}',
      });
      const plan = jobs.plans(
        jobText(`
- uses: actions/checkout@v4
- uses: ./clean
  if: always() && env.OWN == 'yes'
  env: { OWN: 'yes' }
- run: echo ordinary
- run: echo last \${{ job.status }}
  if: always()
`),
        repository,
      ).test;
      if (!plan) throw new Error('no plan');
      const job = jobs.start(plan, repository);
      await until('it cleans', () => job.log().includes('\nclean begun\n'));
      job.stop.abort(cancelled('enough'));
      writeFileSync(join(job.workspace, 'go'), '');
      const { outcome, steps } = await job.ended;
      expect(outcome).to.include({ status: 'cancelled', message: 'enough' });
      expect(steps.slice(2).map(({ status }) => status)).to.deep.equal(['success', 'skipped', 'success']);
      expect(job.log()).to.include('\nclean done\n').and.include('\nsecond\n').and.include('\nlast cancelled\n');
    });

    it('by its own time limit does the same', async () => {
      const { outcome, steps } = await endedBy(timedOut(1));
      expect(outcome).to.include({ status: 'failure', reason: 'timeout' });
      expect(steps.at(-1)?.status).to.equal('success');
    });

    it('by a problem of the runner ends at once', async () => {
      const { outcome, steps, log } = await endedBy(runnerFailed('the disk is gone'));
      expect(outcome).to.include({ status: 'error', reason: 'runner_failed' });
      expect(steps.slice(2).map(({ status }) => status)).to.deep.equal(['skipped', 'skipped', 'skipped']);
      expect(log).to.not.include('\nalways\n');
    });

    it('gets limited time to clean up', async () => {
      const { outcome, steps } = await endedBy(cancelled('enough'), `; sleep ${longSleep()}`, { cleanupTime: 300 });
      expect(outcome).to.include({ status: 'cancelled', message: 'enough' });
      expect(steps.at(-1)?.status).to.equal('cancelled');
    });
  });

  it('has a thousand steps, of which some are skipped, and a script of ten thousand lines', async () => {
    // some of them run, which takes a process each
    const step = (index: number) => `- run: 'true'\n  id: s${index}\n  if: ${index % 4 === 3}`;
    const many = Array.from({ length: 1000 }, (_, index) => step(index)).join('\n');
    const long = Array.from({ length: 10_000 }, (_, index) => `    : line ${index}`).join('\n');
    const { outcome, steps, log } = await jobs.run(
      `${many}\n- run: |\n    echo \${{ steps.s999.outcome }}\n${long}\n    echo end of it`,
      { around: { progress: () => undefined } },
    );
    expect(outcome.status).to.equal('success');
    expect(steps).to.have.lengthOf(1002);
    expect(log.endsWith('\nsuccess\nend of it\n')).to.equal(true);
  }).timeout(120_000);

  it('keeps its outcome though its results are too large for a message', async () => {
    const { outcome, steps, outputs, log } = await jobs.run(
      `
- id: loud
  run: |
    head -c 200000 /dev/zero | tr '\\0' 'x' >> "$GITHUB_STEP_SUMMARY"
    printf 'o=%s\\n' "$(head -c 300000 /dev/zero | tr '\\0' 'y')" >> "$GITHUB_OUTPUT"
    for i in $(seq 100); do echo "::error file=$PWD/a.js::$(head -c 5000 /dev/zero | tr '\\0' 'z')"; done
${Array.from({ length: 4 }, () => `- run: head -c 100000 /dev/zero | tr '\\0' '\\001' >> "$GITHUB_STEP_SUMMARY"`).join('\n')}
`,
      { job: 'outputs:\n  o: ${{ steps.loud.outputs.o }}' },
    );
    expect(outcome.status).to.equal('success');
    expect(steps).to.have.lengthOf(6);
    expect(outputs).to.deep.equal({});
    expect(steps[1]?.summary).to.equal(null);
    expect(steps[1]?.annotations).to.have.lengthOf(10);
    expect(steps[1]?.annotations[0]).to.include({ file: 'a.js' });
    expect(log).to.include('##[error]$GITHUB_STEP_SUMMARY upload aborted');
    expect(JSON.stringify(steps).length).to.be.below(1_000_000);
  });

  it('shows its steps nothing of Volt beyond what GitHub shows', async () => {
    const { folder } = await jobs.run('- run: echo "x=1" >> "$GITHUB_OUTPUT"');
    expect(readFileSync(join(folder, '_github_workflow', 'event.json'), 'utf8')).to.include('"ref"');
  });
});
