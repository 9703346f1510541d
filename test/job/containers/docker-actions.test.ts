import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { cancelled } from '../../../src/job/outcome.ts';
import { tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { jobText, type StartedJob, TestJobs } from '../../support/job.ts';
import { longSleep, processesWith } from '../../support/seen-processes.ts';
import { until } from '../../support/until.ts';

describe('actions in containers', function () {
  this.timeout(120_000);
  const jobs = new TestJobs();
  const used = useEngine();
  afterEach(async () => {
    await used.session.nothingIsLeft();
    await jobs.clean();
  });
  after(async () => {
    jobs.folders.remove();
  });

  function start(steps: string, files: Record<string, string> = { 'a.txt': 'a\n' }, job = ''): StartedJob {
    const repository = jobs.repository(files);
    const { test: plan } = jobs.plans(jobText(steps, job), repository);
    if (!plan) throw new Error('there is no such job');
    return jobs.start(plan, repository, { engine: used.session.next() });
  }

  it('run an image with program, arguments, inputs and the paths of GitHub', async () => {
    const job = start(`
- uses: actions/checkout@v4
- uses: docker://${tinyImage}
  id: one
  env: { OWN: given }
  with:
    entrypoint: /bin/sh
    some key: a value
    args: >-
      -c 'pwd; cat a.txt; echo "$OWN $INPUT_SOME_KEY $HOME $GITHUB_WORKSPACE $CI";
      echo "word=hi" >> "$GITHUB_OUTPUT"; echo "NAME=value" >> "$GITHUB_ENV"; touch made; ls /github; echo "PATH is $PATH"'
- run: echo "\${{ steps.one.outputs.word }} $NAME"; ls made`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log())
      .to.include('/github/workspace\na\n')
      .and.include('given a value /github/home /github/workspace true\n')
      .and.include('file_commands\nhome\nrunner_temp\nworkflow\nworkspace\n')
      .and.include('PATH is /usr/local/sbin:')
      .and.include('\nhi value\nmade\n');
    expect(statSync(join(job.workspace, 'made')).uid).to.equal(process.getuid?.());
  });

  it('fail with the exit code of the program, also where there is none', async () => {
    const failed = start(`- uses: docker://${tinyImage}\n  with: { entrypoint: sh, args: -c "exit 7" }`);
    expect((await failed.ended).outcome).to.include({ status: 'failure', reason: 'exit_code', exitCode: 7 });
    const missing = start(`- uses: docker://${tinyImage}\n  with: { entrypoint: /bin/sh -c }`);
    expect((await missing.ended).outcome, missing.log()).to.include({ status: 'failure', exitCode: 127 });
  });

  const local = {
    'greet/action.yml': `
name: Greet
inputs: { who: { default: world } }
outputs: { told: { description: x } }
runs:
  using: docker
  image: Dockerfile
  env: { WHO: "\${{ inputs.who }}", FROM_STEP: action }
  args: ["\${{ inputs.who }}", ""]
  pre-entrypoint: /pre.sh
  post-entrypoint: /post.sh
`,
    'greet/Dockerfile':
      'FROM docker.io/library/tiny:1\nCOPY *.sh /\nRUN id -u > /built-by && chmod +x /*.sh\nENTRYPOINT ["/main.sh"]\n',
    'greet/main.sh':
      '#!/bin/sh\necho "hello $1, $# arguments, $WHO $FROM_STEP, built by $(cat /built-by)"\necho "told=$1" >> "$GITHUB_OUTPUT"\necho "kept=$1" >> "$GITHUB_STATE"\n',
    'greet/pre.sh': '#!/bin/sh\necho "before with $1"\n',
    'greet/post.sh': '#!/bin/sh\necho "after $STATE_kept with $1"\n',
  };

  it('are built from a Dockerfile of the workspace, and run a post step', async () => {
    const job = start(
      `
- uses: actions/checkout@v4
- uses: ./greet
  id: greet
  with: { who: Ada }
  env: { FROM_STEP: step }
- run: echo "said \${{ steps.greet.outputs.told }}"`,
      local,
    );
    const { outcome, steps } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log())
      .to.include("##[group]Building docker image\nDockerfile for action: '")
      .and.include('hello Ada, 2 arguments, Ada step, built by 0\n')
      .and.include('\nsaid Ada\n')
      .and.include('after Ada with Ada\n');
    expect(steps.at(-1)?.name).to.equal('Post Run ./greet');
    expect(job.log().match(/Building docker image/g)).to.have.length(1);
  });

  it('of another repository run before the first step, too, and are named by a Dockerfile alone', async () => {
    const files = Object.entries(local).map(([name, text]) => [name.replace('greet/', ''), text]);
    jobs.action('acme/greet', Object.fromEntries(files));
    jobs.action('acme/plain', { Dockerfile: 'FROM docker.io/library/tiny:1\nENTRYPOINT ["echo", "plain"]\n' });
    const job = start(
      '- run: echo first\n- uses: acme/greet@main\n- uses: acme/plain@main\n  with: { args: two words }',
    );
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log().replace(/[\s\S]*?before with/, 'before with')).to.match(
      /^before with world\n[\s\S]*\nfirst\n[\s\S]*hello world, 2[\s\S]*plain two words\n[\s\S]*after world/,
    );
  });

  it('whose image cannot be built fail the step', async () => {
    const job = start('- uses: actions/checkout@v4\n- uses: ./', {
      Dockerfile: 'FROM docker.io/library/tiny:1\nRUN echo first > /first\nRUN echo broken; exit 5\n',
    });
    const images = () => used.engine.podman('images', '--all', '--quiet');
    const before = await images();
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.include('Docker build failed: ');
    expect(job.log()).to.include('\nbroken\n');
    expect(await images(), 'images that are left').to.equal(before);
  });

  it('whose base image is not to be had end the job as an error', async () => {
    const job = start('- uses: actions/checkout@v4\n- uses: ./', {
      Dockerfile: 'FROM docker.io/library/tiny:1 AS first\nFROM 127.0.0.1:1/absent:1\nCOPY --from=first /bin /bin\n',
    });
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'image_unavailable' });
    expect(job.log()).to.match(/the pull failed: .*trying again in 1 s/);
  });

  it('of other repositories have their images before the first step, each once', async () => {
    jobs.action('acme/boxed', { Dockerfile: 'FROM docker.io/library/tiny:1\nENTRYPOINT ["echo", "boxed"]\n' });
    jobs.action('acme/both', {
      'action.yml': `runs: { using: composite, steps: [{ uses: acme/boxed@main }, { uses: "docker://${tinyImage}", with: { args: echo inside } }] }`,
    });
    const job = start(`
- run: echo first
- uses: acme/both@main
- uses: acme/boxed@main
- uses: docker://missing:1
  if: false`);
    const { outcome, steps } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(steps.map(({ name, status }) => `${name}: ${status}`)).to.deep.equal([
      'Set up job: success',
      'Build acme/boxed@main: success',
      `Pull ${tinyImage}: success`,
      'Run echo first: success',
      'Run acme/both@main: success',
      'Run acme/boxed@main: success',
      'Run docker://missing:1: skipped',
    ]);
    expect(job.log().match(/Building docker image/g)).to.have.length(1);
    expect(job.log()).to.match(/\nfirst\n[\s\S]*\nboxed\n[\s\S]*\ninside\n[\s\S]*\nboxed\n/);
  });

  it('whose image is not to be had end the job before its first step', async () => {
    const job = start('- run: echo ran\n- uses: docker://localhost:1/missing:1');
    const { outcome, begun } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'image_unavailable' });
    expect(begun).to.equal(false);
    expect(job.log()).to.not.include('\nran\n');
  });

  it('run what comes before and after by conditions, also after a failure, and share files with steps', async () => {
    jobs.action('acme/guard', {
      'action.yml': `runs:
  using: docker
  image: docker://${tinyImage}
  entrypoint: /bin/sh
  pre-entrypoint: /bin/echo
  pre-if: runner.os == 'Windows'
  post-entrypoint: /bin/echo
  post-if: failure()
  args: ["-c", "cat $GITHUB_EVENT_PATH > event; echo /added >> $GITHUB_PATH; echo '# note' >> $GITHUB_STEP_SUMMARY; exit 3"]
`,
    });
    const job = start(`
- uses: acme/guard@main
- run: 'echo "path $PATH"; grep -c sha event || true'
  if: always()`);
    const { outcome, steps } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'failure', reason: 'exit_code', exitCode: 3 });
    const named = (name: string) => steps.find((step) => step.name === name)?.status;
    expect(named('Pre Run acme/guard@main')).to.equal('skipped');
    expect(named('Post Run acme/guard@main')).to.equal('success');
    expect(job.log())
      .to.match(/\npath \/added:/)
      .and.match(/\n-c cat \$GITHUB_EVENT_PATH/);
  });

  it('end with the command that builds them when the job is cancelled, and nothing more is built', async () => {
    const time = longSleep();
    const job = start('- uses: actions/checkout@v4\n- uses: ./', {
      Dockerfile: `FROM docker.io/library/tiny:1\nRUN sleep ${time} || true\nRUN touch /made\n`,
    });
    await until('the command runs', () => processesWith(time).length > 0);
    job.stop.abort(cancelled('by a person'));
    expect((await job.ended).outcome, job.log()).to.include({ status: 'cancelled' });
    expect(processesWith(time)).to.deep.equal([]);
    expect(job.log()).to.not.include('touch /made\n--> ');
  });

  it('reach the services of the job, and end when the job is cancelled', async () => {
    const job = start(
      `- uses: docker://${tinyImage}\n  with: { entrypoint: sh, args: -c 'trap "echo ended; exit 3" TERM; until nc web 80 | grep hello; do sleep 0.1; done; touch asked; sleep 1000 & wait' }`,
      undefined,
      `services: { web: { image: ${tinyImage}, command: sh -c 'while true; do echo hello | nc -l -p 80; done' } }`,
    );
    await until('the service has answered', () => existsSync(join(job.workspace, 'asked')));
    job.stop.abort(cancelled('by a person'));
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'cancelled' });
    expect(job.log()).to.include('\nhello\n').and.include('\nended\n');
  });
});
