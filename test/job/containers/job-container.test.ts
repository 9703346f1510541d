import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { containersWith } from '../../../src/engine/containers.ts';
import { removeLabelled } from '../../../src/engine/remove-labelled.ts';
import { cancelled, timedOut } from '../../../src/job/outcome.ts';
import { engineKind, tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { type StartedJob, TestJobs } from '../../support/job.ts';
import { until } from '../../support/until.ts';

describe('a job in a container', function () {
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

  /** @param job the lines of a job below its name, with its `container` */
  function start(job: string, files: Record<string, string> = { 'a.txt': 'a\n' }): StartedJob {
    const repository = jobs.repository(files);
    const indented = job.replace(/^/gm, '    ');
    const workflow = `on: push\njobs:\n  test:\n    runs-on: linux\n${indented}`;
    const { test: plan } = jobs.plans(workflow, repository);
    if (!plan) throw new Error('there is no such job');
    return jobs.start(plan, repository, { engine: used.session.next() });
  }

  it('runs its steps there by sh, in the workspace, and passes results on', async () => {
    const job = start(`
container: ${tinyImage}
env: { FROM: job }
steps:
  - uses: actions/checkout@v4
  - run: |
      cat a.txt
      ls /bin/busybox /usr/bin/env 2>&1 || true
      echo "from $FROM, shell $0, home $HOME"
      test "$PWD" = "$GITHUB_WORKSPACE"
      test "\${{ job.container.network }}" != ""
      echo "NAME=value" >> "$GITHUB_ENV"
      echo "word=hello" >> "$GITHUB_OUTPUT"
      mkdir "$HOME/bin" && printf '#!/bin/sh\\necho own program\\n' > "$HOME/bin/own" && chmod +x "$HOME/bin/own"
      echo "$HOME/bin" >> "$GITHUB_PATH"
    id: first
  - run: echo "$NAME \${{ steps.first.outputs.word }}"; own; ls /__w/*/*/a.txt
  - run: echo written > made.txt; echo wrong >&2; echo right`);
    const { outcome, steps } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log())
      .to.match(/^Image docker\.io\/library\/tiny:1 \((docker\.io\/library\/tiny@)?sha256:/m)
      .and.include('/usr/bin/env: No such file')
      .and.match(/from job, shell \S+\.sh, home /)
      .and.match(/value hello\nown program\n\/__w\/\S+\/a\.txt\n/)
      .and.include('wrong\nright\n');
    expect(steps.map(({ name }) => name)).to.include.members(['Initialize containers', 'Stop containers']);
    expect(readFileSync(join(job.workspace, 'made.txt'), 'utf8')).to.equal('written\n');
  });

  it('fails with the exit code of its step', async () => {
    const job = start(`container: ${tinyImage}\nsteps:\n  - run: exit 7`);
    const { outcome } = await job.ended;
    expect(outcome).to.include({ status: 'failure', reason: 'exit_code', exitCode: 7 });
  });

  it('runs as the user of its image, who can write what the job writes', async function () {
    // without user namespaces of its own, as on GitHub, such a user cannot
    if (engineKind === 'docker') return this.skip();
    await used.engine.makeImage('as-node:1', 'USER node');
    const job = start(`
container: as-node:1
steps:
  - run: id -u; echo x > x; echo "A=b" >> "$GITHUB_ENV"; echo "$HOME" > "$HOME/y"
  - run: echo "A is $A"`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log()).to.include('\n1000\n').and.include('A is b');
  });

  it('takes the settings of its container', async () => {
    const job = start(`
container:
  image: ${tinyImage}
  env: { OWN: given }
  volumes: [ 'data:/data', '/scratch', '\${{ github.workspace }}/sub:/sub:ro' ]
  options: --hostname box --user 1000:1000 --add-host db:192.0.2.7 --tmpfs /quick:size=1m --shm-size 10m --cpus 1
steps:
  - run: |
      hostname; id -u; echo "$OWN"
      grep 192.0.2.7 /etc/hosts
      grep -c " /data \\| /scratch \\| /quick " /proc/mounts
      touch /sub/x 2>&1 || true
      grep ' /dev/shm ' /proc/mounts
      grep NoNewPrivs /proc/self/status`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log())
      .to.match(/\nbox\n1000\ngiven\n192\.0\.2\.7\s+db\n3\n/)
      .and.include('Read-only file system')
      .and.match(/ \/dev\/shm tmpfs .*size=10240k/)
      .and.match(/NoNewPrivs:\s+1/);
  });

  it('runs JavaScript actions by a Node that its image lacks, and composite actions', async () => {
    const job = start(
      `
container: ${tinyImage}
steps:
  - uses: actions/checkout@v4
  - uses: ./js
    id: js
    with: { some-name: 'a b' }
  - uses: ./both
    with: { word: '\${{ steps.js.outputs.told }}' }`,
      {
        'js/action.yml':
          'runs: { using: node20, main: main.js, post: post.js }\ninputs: { some-name: { description: x } }\noutputs: { told: { description: y } }\nname: a\ndescription: b\n',
        'js/main.js': `
          const { appendFileSync } = require('node:fs');
          appendFileSync(process.env.GITHUB_OUTPUT, 'told=' + process.env['INPUT_SOME-NAME'] + '\\n');
          appendFileSync(process.env.GITHUB_STATE, 'kept=state\\n');
          const { execFileSync } = require('node:child_process');
          console.log(execFileSync(process.execPath, ['-p', '"child of " + require("node:os").hostname().length']) + '');`,
        'js/post.js': 'console.log("post", process.env.STATE_kept)',
        'both/action.yml':
          'name: a\ndescription: b\ninputs: { word: { description: x } }\nruns:\n  using: composite\n  steps:\n    - run: \'echo "composite ${{ inputs.word }} in $(ls -d /bin/busybox)"\'\n      shell: sh\n',
      },
    );
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'success' });
    expect(job.log())
      .to.match(/child of \d+/)
      .and.include('composite a b in /bin/busybox')
      .and.include('post state');
  });

  it('sends SIGTERM to a cancelled step, and runs steps that always run', async () => {
    const job = start(`
container: ${tinyImage}
steps:
  - run: |
      trap 'echo got the signal; exit 1' TERM
      echo begun
      while :; do sleep 0.1; done
  - run: echo cleaning up
    if: always()`);
    await until('the step runs', () => job.log().includes('\nbegun\n'));
    job.stop.abort(cancelled('by a person'));
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'cancelled' });
    expect(job.log()).to.include('got the signal').and.include('\ncleaning up\n');
  });

  it('ends a step at its time limit with all of its processes', async () => {
    const job = start(`
container: ${tinyImage}
steps:
  - run: (while :; do sleep 1; done) & while :; do sleep 1; done
    timeout-minutes: 0.02
  - run: pgrep -f 'slee[p]' || echo nothing runs
    if: always()`);
    const { outcome } = await job.ended;
    expect(outcome, job.log()).to.include({ status: 'failure', reason: 'timeout' });
    expect(job.log()).to.include('nothing runs');
  });

  it('ends in an error that says why when its image is not to be had', async () => {
    const job = start('container: 127.0.0.1:1/absent:1\nsteps:\n  - run: echo never');
    const { outcome, begun } = await job.ended;
    expect(outcome).to.include({ status: 'error', reason: 'image_unavailable' });
    expect(outcome.message).to.include('127.0.0.1:1/absent:1');
    expect(begun).to.equal(false);
    expect(job.log()).to.match(/the pull failed: .*trying again in 1 s/);
  });

  it('ends in an error, not in a failure, when its time runs out while the registry is silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection');
    const image = `127.0.0.1:${(silent.address() as AddressInfo).port}/slow:1`;
    const job = start(`container: ${image}\nsteps:\n  - run: echo never`);
    const [socket] = (await asked) as [Socket];
    job.stop.abort(timedOut(1));
    const { outcome, begun } = await job.ended;
    socket.destroy();
    silent.close();
    expect(outcome, job.log()).to.include({ status: 'error', reason: 'image_unavailable' });
    expect(outcome.message).to.include(`the time limit ended the pull of the image ${image}`);
    expect(begun).to.equal(false);
  });

  it('refuses a user that its image does not have', async () => {
    const job = start(`container: { image: ${tinyImage}, options: --user nobody-here }\nsteps:\n  - run: echo never`);
    const { outcome } = await job.ended;
    expect(outcome).to.include({ status: 'failure', reason: 'step_failed' });
    expect(outcome.message).to.include('nobody-here');
  });

  it('ends in an error when its container or its engine is killed, and nothing is left', async () => {
    const script = 'container: tiny:1\nsteps:\n  - run: echo begun; sleep 300';
    const first = start(script);
    await until('the step runs', () => first.log().includes('\nbegun\n'));
    for (const id of await containersWith(await used.engine.connect(), { 'volt.record': 'test' }))
      await used.engine.podman('kill', id);
    expect((await first.ended).outcome).to.include({ status: 'error', reason: 'engine_failed' });

    const second = start(script);
    await until('the step runs', () => second.log().includes('\nbegun\n'));
    await used.engine.kill();
    const restarted = used.engine.start();
    expect((await second.ended).outcome, second.log()).to.include({ status: 'error', reason: 'engine_failed' });
    await restarted;
    const client = await used.engine.connect();
    const labels = { 'volt.record': 'test' };
    await removeLabelled(client, labels);
  });
});
