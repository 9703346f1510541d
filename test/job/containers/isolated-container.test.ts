import { lstatSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { engineKind, hasEngine, startEngine, type TestEngine, tinyImage } from '../../support/engine.ts';
import { TestSession } from '../../support/engine-session.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';

describe('the container of an isolated job', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let session: TestSession;
  let server: Server;
  before(async function () {
    if (!hasEngine()) return this.skip();
    engine = await startEngine();
    session = new TestSession(engine);
    server = createServer((socket) => socket.end('reached\n').on('error', () => undefined)).listen(0, '0.0.0.0');
  });
  after(async () => {
    server?.close();
    await session?.close();
    await engine?.stop();
  });

  /** Runs a script in a container. */
  async function run(jobs: IsolatedJobs, script: string) {
    jobs.engine = session.next();
    const steps = `- run: |\n${script.replace(/^/gm, '    ')}`;
    return jobs.steps(steps, undefined, 'app', `container: ${tinyImage}`);
  }

  const reach = () =>
    `gateway=$(ip route | awk '/default/ { print $3 }')\nnc -w 30 "$gateway" ${(server.address() as AddressInfo).port} </dev/null || echo refused`;

  for (const level of ['user', 'sandbox'] as const) {
    it(`has the rights of the job's user on its files (${level})`, async function () {
      if (!(await isIsolable(level))) return this.skip();
      const jobs = new IsolatedJobs(level);
      try {
        const { outcome, log, workspace } = await run(
          jobs,
          'id -u; echo x > made; chown 1000 made; touch own; test -w /__w/app/app/made || ls -la /__w/*',
        );
        expect(outcome, log).to.include({ status: 'success' });
        const { owner } = workspace.sandbox;
        const ownerOf = (name: string) => lstatSync(join(workspace.folder, 'workspace', name)).uid;
        expect(ownerOf('own')).to.equal(owner?.uid);
        // Docker does not map the users of one container, so all is given back at its end
        if (engineKind === 'docker') expect(ownerOf('made')).to.equal(owner?.uid);
        else expect(ownerOf('made'), 'another user of the container').to.be.above(0x7000_0000);
      } finally {
        jobs.clean();
      }
    });
  }

  it('reaches no address of the machine, where the job does not', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const open = new IsolatedJobs('sandbox');
    const closed = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    const without = new IsolatedJobs('sandbox', { sandboxNetwork: 'off' });
    try {
      const reached = await run(open, reach());
      expect(reached.log, 'without rules').to.include('\nreached\n');
      const refused = await run(closed, reach());
      expect(refused.log).to.include('refused').and.not.include('reached\n');
      const none = await run(without, 'ls /sys/class/net');
      expect(none.log)
        .to.match(/\nlo\n/)
        .and.not.include('eth0');
    } finally {
      for (const jobs of [open, closed, without]) jobs.clean();
    }
  });

  it('and its services reach each other, but no address of the machine', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const jobs = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    const { port } = server.address() as AddressInfo;
    const command = `sh -c 'found=$(nc -w 2 $(ip route | cut -d" " -f3 | head -n 1) ${port} </dev/null || echo refused); while true; do echo "$found" | nc -l -p 80; done'`;
    const services = `services: { web: { image: ${tinyImage}, ports: ['8080:80'], command: ${JSON.stringify(command)} } }`;
    const ask = async (steps: string, job: string) => {
      jobs.engine = session.next();
      return jobs.steps(steps, undefined, 'app', job);
    };
    try {
      const inside = await ask('- run: sleep 1; nc web 80', `container: ${tinyImage}\n${services}`);
      expect(inside.outcome, inside.log).to.include({ status: 'success' });
      expect(inside.log).to.include('\nrefused\n').and.not.include('\nreached\n');
      const outside = await ask('- run: sleep 1; exec 5<>/dev/tcp/localhost/8080; cat <&5\n  shell: bash', services);
      expect(outside.outcome, outside.log).to.include({ status: 'success' });
      expect(outside.log).to.include('\nrefused\n').and.not.include('\nreached\n');
    } finally {
      jobs.clean();
    }
  });
});
