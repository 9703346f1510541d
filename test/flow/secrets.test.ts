import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import type { Build } from '../../src/kernel/model.ts';
import { volt } from '../support/cli.ts';
import { TestFolders } from '../support/folder.ts';
import { GitOverHttp } from '../support/git-over-http.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { type VoltProcess, VoltProcesses } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

const secret = 'canary-of-a-secret-1f9b';
const password = 'canary-of-a-password-77c2';
const forms = [secret, password, `ada:${password}`].flatMap((text) => [
  text,
  Buffer.from(text).toString('base64').replace(/.?=*$/, ''),
  Buffer.from(text).toString('hex'),
]);

/** The canaries that the bytes contain, in any encoding. */
const canariesIn = (content: Buffer | string): string[] => forms.filter((form) => content.includes(form));

describe('a secret and a repository credential', () => {
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  const started: VoltProcess[] = [];
  const seen: Buffer[] = [];
  const leaks: string[] = [];
  let redis: TestRedis;
  let monitor: Socket;
  let repository: TestRepository;
  let runnerKey: string;
  let server: GitOverHttp;
  let data: string;
  let runnerData: string;
  let gates: string;
  let receiver: NoticeReceiver;

  before(async () => {
    [data, runnerData, gates] = [folders.make(), folders.make(), folders.make()];
    redis = await startRedis();
    receiver = await NoticeReceiver.start();
    // every command that any client sends to Redis
    monitor = connect(redis.port, '127.0.0.1');
    monitor.on('data', (chunk) => seen.push(chunk));
    monitor.write('MONITOR\r\n');
    const workflow = `on: push
jobs:
  test:
    runs-on: linux
    outputs: { leak: '\${{ steps.show.outputs.leak }}' }
    steps:
      - uses: actions/checkout@v4
      - id: show
        name: 'step \${{ secrets.CANARY }}'
        env: { CANARY: '\${{ secrets.CANARY }}' }
        run: |
          echo "it is: $CANARY and \${{ secrets.CANARY }}"; echo "$CANARY" | base64; env
          echo "leak=$CANARY" >> "$GITHUB_OUTPUT"; echo "# $CANARY" >> "$GITHUB_STEP_SUMMARY"
          echo "::warning file=a::$CANARY"; echo "::error::\${{ toJSON(secrets) }}"
          echo "<testsuite name='s $CANARY'><testcase name='is $CANARY'><failure message='not $CANARY'/></testcase></testsuite>" > result.xml
          touch ${gates}/open; while [ ! -e ${gates}/shut ]; do sleep 0.05; done
          echo "$CANARY" >&2; exit 3
`;
    repository = new TestRepository({ '.volt/workflows/ci.yml': workflow }, { name: 'app' });
    server = await GitOverHttp.start(dirname(repository.path), 'ada', password);
    server.asked = () => {
      leaks.push(...processesWithCanary());
    };
  });

  after(async () => {
    monitor.destroy();
    await processes.end();
    await receiver.stop();
    await server.stop();
    await redis.stop();
    repository.remove();
    folders.remove();
  });

  const start = (...args: string[]) => {
    const folder = args[0] === 'runner' ? runnerData : data;
    const env = { VOLT_LOG_LEVEL: 'debug', ...(args[0] === 'runner' && { VOLT_RUNNER_KEY: runnerKey }) };
    const process = processes.start([...args, '--redis', redis.url, '--data', folder], env);
    started.push(process);
    return process;
  };

  /** Processes that show a canary in their arguments, or in an environment that is not a job's. */
  function processesWithCanary(): string[] {
    const runner = started.find(({ output }) => output.startsWith('runner '))?.pid;
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid) || pid === String(process.pid)) return [];
      const argv = contentOf(`/proc/${pid}/cmdline`).toString().replaceAll('\0', ' ');
      const found = canariesIn(argv).map((form) => `argv of ${pid}: ${form}`);
      if (isJobOf(runner, pid) && !argv.startsWith('git')) return found;
      return [...found, ...canariesIn(contentOf(`/proc/${pid}/environ`)).map((form) => `environ of ${argv}: ${form}`)];
    });
  }

  /** Whether the process descends from the runner. */
  function isJobOf(runner: number | undefined, pid: string): boolean {
    for (let at = pid; Number(at) > 1; ) {
      const parent = /^PPid:\s*(\d+)$/m.exec(contentOf(`/proc/${at}/status`).toString())?.[1] ?? '0';
      if (Number(parent) === runner) return true;
      at = parent;
    }
    return false;
  }

  it('reach only the job and the fetch of its commit', async () => {
    const observer = start(
      'observer',
      '--repo',
      `app=${server.url(`${basename(repository.path)}/.git`, `ada:${password}`)}`,
      '--poll',
      '1',
    );
    const web = start('web', '--port', '0');
    await Promise.all([observer.says('observer ready'), web.says('ready')]);
    const set = await volt(['secret', 'set', 'CANARY', '--repo', 'app', '--data', data], { input: secret });
    expect(set, set.stderr).to.include({ code: 0 });
    expect(canariesIn(set.stdout + set.stderr)).to.deep.equal([]);
    const added = await volt(['runner-key', 'add', 'apart', '--data', data]);
    runnerKey = /^VOLT_RUNNER_KEY=(\S+) /m.exec(added.stdout)?.[1] ?? '';
    const url = readFileSync(join(data, 'web.url'), 'utf8').trim();
    const token = readFileSync(join(data, 'token'), 'utf8').trim();
    for (const args of [
      ['repo', 'set', 'app', '--reports', '*.xml'],
      ['notify', 'add', 'team', '--kind', 'webhook', '--to', receiver.url, '--on', 'all'],
    ]) {
      const done = await volt(args, { env: { VOLT_URL: url, VOLT_TOKEN: token } });
      expect(done, done.stderr).to.include({ code: 0 });
    }
    await Promise.all(['dispatcher', 'reporter', 'notifier', 'runner'].map((stage) => start(stage).says('ready')));

    const ask = (path: string) => fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    await until('the job has begun', () => existsSync(join(gates, 'open')), 40_000);
    leaks.push(...processesWithCanary());
    writeFileSync(join(gates, 'shut'), '');
    const build = await until('the build is final', async () => {
      const found = (await ask('/api/v1/builds/1').then((answer) => answer.json())) as Build;
      return found?.finishedAt ? found : undefined;
    });
    expect(build, JSON.stringify(build)).to.include({ status: 'failure', reason: 'exit_code' });
    expect(build.jobs[0]?.steps.map(({ name }) => name)).to.include('step ***');
    expect(await (await ask('/api/v1/jobs/1-1/log')).text())
      .to.include('it is: ***')
      .and.include('CANARY=***');
    expect(server.count.served).to.be.greaterThan(2);
    const [notice] = await until('the notice is there', () =>
      receiver.bodies.length > 0 ? receiver.bodies : undefined,
    );
    expect(notice)
      .to.have.property('data')
      .that.deep.includes({ tests: ['s *** › is ***'] });
    leaks.push(...receiver.received.flatMap(({ body }) => canariesIn(body).map((form) => `notice: ${form}`)));

    const api = '/api/v1';
    for (const path of [
      ...['/', `/builds/${build.id}`, '/runners', '/queues', '/queues/api/queues', '/metrics'],
      ...[
        '/builds',
        `/builds/${build.id}`,
        '/repos',
        '/repos/app/secrets',
        '/credentials',
        '/status',
        '/runners',
        '/notices',
      ].map((each) => `${api}${each}`),
      ...[`${api}/jobs/${build.id}-1/log`, `${api}/openapi.json`],
      '/queues/api/queues?activeQueue=jobs&status=completed',
    ]) {
      const answer = await ask(path);
      leaks.push(...canariesIn(await answer.text()).map((form) => `${path}: ${form}`));
    }
    leaks.push(...canariesIn(Buffer.concat(seen)).map((form) => `commands of Redis: ${form}`));
    for (const { output } of started) leaks.push(...canariesIn(output).map((form) => `what is printed: ${form}`));
    const files = [data, runnerData].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name)),
    );
    expect(files.some((file) => file.endsWith('.log'))).to.equal(true);
    for (const file of files) leaks.push(...canariesIn(contentOf(file)).map((form) => `${file}: ${form}`));
    expect(leaks).to.deep.equal([]);
    // the searched bytes are those that the jobs used
    expect(Buffer.concat(seen).includes('sealed')).to.equal(true);
  });
});

/** Content of a file, or of a process, that may be gone. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
