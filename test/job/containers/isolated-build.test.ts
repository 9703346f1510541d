import { chmodSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cancelled } from '../../../src/job/outcome.ts';
import { hasBuilder, hasEngine, startEngine, type TestEngine, tinyImage } from '../../support/engine.ts';
import { TestSession } from '../../support/engine-session.ts';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import { hasRegistry, registryLogin, startRegistry, type TestRegistry } from '../../support/registry.ts';
import { longSleep, processesWith } from '../../support/seen-processes.ts';
import { until } from '../../support/until.ts';

const tiny = `docker.io/library/${tinyImage}`;

describe('a Dockerfile of an isolated job', function () {
  this.timeout(120_000);
  const folders = new TestFolders();
  let engine: TestEngine;
  let session: TestSession;
  let jobs: IsolatedJobs;
  let server: Server;
  let registry: TestRegistry | undefined;
  before(async function () {
    if (!hasEngine() || !hasBuilder()) return this.skip();
    if (hasRegistry()) registry = await startRegistry(folders, { isPrivate: true });
    engine = await startEngine({ plain: registry ? [`127.0.0.1:${registry.port}`] : [] });
    session = new TestSession(engine);
    server = createServer((socket) => socket.end('of the machine\n').on('error', () => undefined)).listen(0, '0.0.0.0');
  });
  afterEach(async () => {
    jobs?.clean();
    await session.nothingIsLeft();
  });
  after(async () => {
    server?.close();
    await session?.close();
    await engine?.stop();
    await registry?.stop();
    folders.remove();
  });

  for (const level of ['user', 'sandbox'] as const) {
    it(`is built on any ref by root of the job's own users, and nothing of the build is left (${level})`, async function () {
      if (!(await isIsolable(level))) return this.skip();
      jobs = new IsolatedJobs(level);
      const repository = jobs.repository({
        Dockerfile: `FROM tiny:1 AS first
COPY word.txt /
RUN echo "built by $(id -u) of $(head -n 1 /proc/self/uid_map | tr -s ' ' | cut -d ' ' -f 3)" > /note && touch /x && chown 33:44 /x
FROM ${tiny}
COPY --from=first /note /word.txt /x /
USER node
CMD ["sh", "-c", "cat /note /word.txt; stat -c 'owned by %u:%g' /x; id -u; ls $RUNNER_TEMP"]
`,
        'word.txt': 'a word\n',
        'plain/Dockerfile': 'FROM tiny:1\n',
      });
      repository.git('branch', 'other');
      jobs.engine = session.next();
      jobs.ref = 'refs/heads/other';
      const plain = '- uses: ./plain\n  with: { entrypoint: echo, args: of nothing else }';
      const { outcome, log, workspace } = await jobs.steps(
        `- uses: actions/checkout@v4\n- uses: ./\n${plain}`,
        repository,
      );
      expect(outcome, log).to.include({ status: 'success' });
      expect(log).to.include('\nof nothing else\n');
      const { owner } = workspace.sandbox;
      expect(log, log).to.include(`built by 0 of ${owner?.uid}\na word\nowned by 33:44\n1000\n`);
      const temp = join(workspace.folder, 'temp');
      const [left = ''] = readdirSync(temp).filter((name) => name.startsWith('build-'));
      expect(readdirSync(join(temp, left))).to.not.include.members(['store', 'image.tar', 'base-0.tar']);
      expect(lstatSync(join(temp, left)).uid).to.equal(owner?.uid);
    });
  }

  it('begins with the image that the job may have, also if its name is given to another one meanwhile', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    jobs = new IsolatedJobs('sandbox');
    await engine.makeImage('base:1', 'ENV WHICH=checked');
    await engine.makeImage('other:1', 'ENV WHICH=another');
    const access = session.next();
    const { pulls } = access;
    const get: typeof pulls.get = async (client, name, options) => {
      const image = await pulls.get(client, name, options);
      if (name.endsWith('base:1')) await engine.podman('tag', 'docker.io/library/other:1', name);
      return image;
    };
    jobs.engine = { ...access, pulls: Object.create(pulls, { get: { value: get } }) };
    const repository = jobs.repository({ Dockerfile: 'FROM base:1\nRUN echo "made from $WHICH"\n' });
    const { outcome, log } = await jobs.steps(
      '- uses: actions/checkout@v4\n- uses: ./\n  with: { entrypoint: "true" }',
      repository,
    );
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.include('\nmade from checked\n');
  });

  it('reads nothing that the job cannot read', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    jobs = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    const machine = folders.make();
    chmodSync(machine, 0o755);
    writeFileSync(join(machine, 'secret'), 'of the machine\n');
    await engine.podman('save', '--output', join(machine, 'image.tar'), tiny);
    const address = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    const { port } = server.address() as AddressInfo;
    const secret = join(machine, 'secret');
    const attacks: Record<string, string> = {
      archive: `FROM docker-archive:${machine}/image.tar\nRUN echo of the machine`,
      copied: `FROM ${tiny}\nCOPY --from=${machine} secret /\nRUN cat /secret`,
      layout: `FROM ${tiny}\nCOPY --from=dir:${machine} secret /\nRUN cat /secret`,
      linked: `FROM ${tiny}\nCOPY out /secret\nRUN cat /secret`,
      above: `FROM ${tiny}\nRUN --mount=type=bind,source=../../../../../../../..${machine},target=/seen cat /seen/secret`,
      added: `FROM ${tiny}\nADD file://${secret} /\nRUN cat /secret`,
      inside: `FROM ${tiny}
RUN --mount=type=bind,source=/,target=/seen ls /seen; cat /seen${secret} /seen/../..${secret} || true
RUN --mount=type=cache,id=../../../../../../../..${machine},target=/seen cat /seen/secret || true
RUN cat ${secret} /proc/1/root${secret} || true
RUN mkdir /m; mount --bind /proc/1/root /m; cat /m${secret} || true
RUN --network=host nc -w 5 ${address} ${port} < /dev/null 2> /dev/null || echo refused`,
    };
    const files = Object.entries(attacks).map(([name, text]) => [`${name}/Dockerfile`, `${text}\nCMD ["true"]\n`]);
    const included = { 'included/action.yml': 'runs: { using: docker, image: Dockerfile.in }\n' };
    const repository = jobs.repository({
      ...Object.fromEntries(files),
      ...included,
      'included/Dockerfile.in': `#include "${secret}"\nFROM ${tiny}\n`,
    });
    const all = [...Object.keys(attacks), 'included'];
    const steps = all.map((name) => `- uses: ./${name}\n  continue-on-error: true`);
    jobs.engine = session.next();
    jobs.ref = 'refs/heads/other';
    repository.git('branch', 'other');
    const { outcome, log } = await jobs.steps(
      ['- uses: actions/checkout@v4', `- run: ln -s ${secret} linked/out`, ...steps].join('\n'),
      repository,
    );
    expect(outcome, log).to.include({ status: 'success' });
    expect(log.match(/##\[group\]Building docker image/g)).to.have.length(all.length);
    expect(log.replace(/^STEP .*$/gm, ''), log).to.not.match(/^of the machine$/m);
    expect(log, log).to.include('\nrefused\n');
  });

  it('begins with a private image that a step has logged in for', async function () {
    if (!registry || !(await isIsolable('sandbox'))) return this.skip();
    const settings = folders.make();
    chmodSync(settings, 0o755);
    const host = `127.0.0.1:${registry.port}`;
    writeFileSync(join(settings, 'registries.conf'), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    jobs = new IsolatedJobs('sandbox', { sandboxPaths: settings });
    jobs.env = { CONTAINERS_REGISTRIES_CONF: join(settings, 'registries.conf') };
    await engine.push(tinyImage, `${host}/team/closed:1`, registryLogin);
    const { username, password } = registryLogin;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const login = `mkdir ~/.docker && echo '${JSON.stringify({ auths: { [host]: { auth } } })}' > ~/.docker/config.json`;
    const repository = jobs.repository({ Dockerfile: `FROM ${host}/team/closed:1\nCMD ["echo", "of the team"]\n` });
    const build = '- uses: actions/checkout@v4\n- uses: ./';
    jobs.engine = session.next();
    const refused = await jobs.steps(build, repository);
    expect(refused.outcome, refused.log).to.include({ status: 'error', reason: 'image_unavailable' });
    jobs.engine = session.next();
    const { outcome, log } = await jobs.steps(`- run: ${login}\n${build}`, repository);
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.include('\nof the team\n');
  });

  it('ends with its commands when the job is cancelled', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    jobs = new IsolatedJobs('sandbox');
    const time = longSleep();
    const repository = jobs.repository({ Dockerfile: `FROM ${tiny}\nRUN sleep ${time} || true\nRUN touch /made\n` });
    const stop = new AbortController();
    jobs.engine = session.next();
    jobs.signal = stop.signal;
    const ended = jobs.steps('- uses: actions/checkout@v4\n- uses: ./', repository);
    await until('the command runs', () => processesWith(time).length > 0);
    stop.abort(cancelled('by a person'));
    const { outcome, log } = await ended;
    expect(outcome, log).to.include({ status: 'cancelled' });
    expect(processesWith(time)).to.deep.equal([]);
    expect(log).to.not.include('RUN touch /made');
  });

  it('is held to the memory of the job', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    jobs = new IsolatedJobs('sandbox', { jobMemory: 256 });
    const repository = jobs.repository({
      Dockerfile: `FROM ${tiny}\nRUN dd if=/dev/zero of=/dev/null bs=600M count=1\n`,
    });
    jobs.engine = session.next();
    const { outcome, log } = await jobs.steps('- uses: actions/checkout@v4\n- uses: ./', repository);
    expect(outcome, log).to.include({ status: 'failure', reason: 'resource_limit' });
    expect(outcome.message).to.include('256 MB of memory');
  });

  it('that fails is the fault of the commit, and one whose image is not to be had is not', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    jobs = new IsolatedJobs('sandbox');
    const run = async (text: string) => {
      jobs.engine = session.next();
      return jobs.steps('- uses: actions/checkout@v4\n- uses: ./', jobs.repository({ Dockerfile: text }));
    };
    const failed = await run(`FROM ${tiny}\nRUN echo broken; exit 5\n`);
    expect(failed.outcome, failed.log).to.include({ status: 'failure', reason: 'step_failed' });
    expect(failed.outcome.message).to.match(/Docker build failed: .*exit status 5/);
    expect(failed.log).to.include('\nbroken\n');
    const absent = await run('ARG host=127.0.0.1:1\nFROM $host/absent:1\nRUN true\n');
    expect(absent.outcome, absent.log).to.include({ status: 'error', reason: 'image_unavailable' });
  });
});
