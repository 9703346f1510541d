import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { isAlive } from '../../src/system/processes.ts';
import { giveToOrdinaryUser } from '../support/attack.ts';
import { containerWorkflow } from '../support/container-workflow.ts';
import { tinyImage } from '../support/engine.ts';
import { TestFolders } from '../support/folder.ts';
import { evaluateAs } from '../support/other-user.ts';
import { hasPodmanUser, nobody, PodmanUser } from '../support/podman-user.ts';
import { VoltProcesses } from '../support/processes.ts';
import { TestRepository } from '../support/repository.ts';
import { until } from '../support/until.ts';

const killing = `
  import { FirstProcess } from './src/engine/first-process.ts';
  new FirstProcess(Number(process.argv.at(-1))).kill();
`;

describe('Volt of an ordinary user with podman', function () {
  this.timeout(120_000);
  const folders = new TestFolders();
  const processes = new VoltProcesses();
  let user: PodmanUser | undefined;
  let server: Server;
  let repository: TestRepository;
  let connections = 0;
  before(async function () {
    if (!hasPodmanUser()) return this.skip();
    user = new PodmanUser(folders.make());
    await user.prepare();
    server = createServer((socket) => socket.end('reached\n').on('error', () => undefined)).listen(0, '0.0.0.0');
    server.on('connection', () => connections++);
    await once(server, 'listening');
  });
  after(async () => {
    await processes.end();
    await user?.remove();
    server?.close();
    repository?.remove();
    folders.remove();
  });

  it('kills the processes of a container without the engine, also those of another user', async function () {
    if (!user) return this.skip();
    const args = ['--detach', '--network', 'none', '--user', '1000', '--stop-timeout', '0'];
    const id = (await user.podman('run', ...args, tinyImage, 'sleep', '1000')).trim();
    const pid = (await user.podman('inspect', '--format', '{{.State.Pid}}', id)).trim();
    expect(statSync(`/proc/${pid}`).uid, 'its user').to.not.be.oneOf([0, nobody]);
    evaluateAs({ uid: nobody, gid: nobody }, killing, pid);
    await until('it has ended', () => !isAlive(Number(pid)));
    await user.podman('rm', '--force', id);
  });

  it('runs jobs in containers, services and docker actions, which reach each other and not the machine', async function () {
    if (!user) return this.skip();
    const { port } = server.address() as AddressInfo;
    // the address of the machine in networks of podman without root
    const machine = `169.254.1.2 ${port}`;
    repository = new TestRepository(containerWorkflow(machine));
    giveToOrdinaryUser(dirname(repository.path));
    const data = join(user.home, 'data');
    const args = ['up', '--repo', `app=${repository.path}`, '--once', '--port', '0', '--data', data];
    const up = processes.start(args, { ...user.env, VOLT_ISOLATION: 'sandbox' }, user.inside);
    await up.ended();
    expect(up.output, said(data)).to.match(/✔ app#1 main [0-9a-f]{7} passed in /);
    expect(up.output).to.not.include('without networks');
    expect(connections).to.equal(0);
    expect(await user.podman('ps', '--all', '--quiet'), 'containers that are left').to.equal('');
    expect(await user.podman('network', 'ls', '--format', '{{.Name}}'), 'networks that are left').to.equal('podman\n');
  });
});

/** What podman's service has printed. */
function said(data: string): string {
  try {
    return readFileSync(join(data, 'engine/service.log'), 'utf8');
  } catch {
    return 'podman was not started';
  }
}
