import { once } from 'node:events';
import { chmodSync, lstatSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { engineKind, hasBuilder, isRoot, tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';

describe('the container of an isolated job', function () {
  this.timeout(120_000);
  let server: Server;
  const used = useEngine();
  before(() => {
    server = createServer((socket) => socket.end('reached\n').on('error', () => undefined)).listen(0, '0.0.0.0');
  });
  after(async () => {
    server?.close();
  });

  /** Runs a script in a container. */
  async function run(jobs: IsolatedJobs, script: string) {
    jobs.engine = used.session.next();
    const steps = `- run: |\n${script.replace(/^/gm, '    ')}`;
    return jobs.steps(steps, undefined, 'app', `container: ${tinyImage}`);
  }

  // podman of a user has networks in a network of its own, which reaches the machine at another address than that of the gateway
  const machine = isRoot ? '$(ip route | cut -d" " -f3 | head -n 1)' : '169.254.1.2';
  const reach = () => `nc -w 30 "${machine}" ${(server.address() as AddressInfo).port} </dev/null || echo refused`;

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
        const own = owner?.uid ?? process.getuid?.();
        expect(ownerOf('own')).to.equal(own);
        // Docker does not map the users of one container, so all is given back at its end
        if (engineKind === 'docker') expect(ownerOf('made')).to.equal(own);
        else if (owner) expect(ownerOf('made'), 'another user of the container').to.be.above(0x7000_0000);
        else expect(ownerOf('made'), 'a subordinate user').to.not.be.oneOf([own, 1000]);
      } finally {
        jobs.clean();
      }
    });
  }

  it('has no image of a registry that the job cannot reach, whatever the commit names', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const jobs = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    const registry = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    let asked = 0;
    registry.on('connection', () => asked++);
    await once(registry, 'listening');
    const image = `127.0.0.1:${(registry.address() as AddressInfo).port}/internal/app:1`;
    jobs.engine = used.session.next();
    jobs.ref = 'refs/heads/topic';
    try {
      const { outcome, log } = await jobs.steps('- run: echo never', undefined, 'app', `container: ${image}`);
      expect(outcome, log).to.include({ status: 'error', reason: 'image_unavailable' });
      expect(outcome.message).to.include(`the image ${image} is not to be had`).and.include('of the machine');
      expect(asked).to.equal(0);
    } finally {
      registry.close();
      jobs.clean();
    }
  });

  it('of an action has the folders of the job, never a folder of the machine that a step has put in their place', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const jobs = new IsolatedJobs('sandbox');
    const folders = new TestFolders();
    const machine = folders.make();
    chmodSync(machine, 0o755);
    writeFileSync(join(machine, 'secret'), 'of the machine\n');
    try {
      jobs.engine = used.session.next();
      const { outcome, log } = await jobs.steps(`
- run: |
    for folder in "$RUNNER_TEMP/_github_home" "$RUNNER_TEMP/_github_workflow" "$(dirname "$GITHUB_EVENT_PATH")"; do
      rm -rf "$folder" || true
      ln -s ${machine} "$folder" || true
    done
- uses: docker://${tinyImage}
  with: { entrypoint: sh, args: -c "cat /github/home/secret /github/workflow/secret; echo kept > /github/home/note" }
- uses: docker://${tinyImage}
  with: { entrypoint: cat, args: /github/home/note }`);
      expect(log).to.not.include('of the machine\n');
      expect(outcome, log).to.include({ status: 'success' });
      expect(log).to.include('\nkept\n');
    } finally {
      jobs.clean();
      folders.remove();
    }
  });

  it('asks for ID tokens, as the container of an action beside it does', async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    const jobs = new IsolatedJobs('sandbox', { sandboxNetwork: 'on' });
    jobs.idToken = async (audience) => ({ token: `made-for-${audience}` });
    jobs.engine = used.session.next();
    const ask = (audience: string, quote: string) => {
      const header = `--header=${quote}Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN${quote}`;
      const url = `${quote}$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${audience}${quote}`;
      return `wget -q -O - ${header} ${url} | sed s/-/+/g`;
    };
    const steps = `- run: |
    ${ask('step', '"')}
- uses: docker://${tinyImage}
  with:
    entrypoint: sh
    args: '-c "${ask('action', '\\"')}"'`;
    const job = `permissions: { id-token: write }\ncontainer: ${tinyImage}`;
    try {
      const { outcome, log } = await jobs.steps(steps, undefined, 'app', job);
      expect(outcome, log).to.include({ status: 'success' });
      for (const audience of ['step', 'action']) expect(log).to.include(`"value":"made+for+${audience}"`);
    } finally {
      jobs.clean();
    }
  });

  it('may leave files of any user and mode, which harm no later job', async function () {
    if (!(await isIsolable('user'))) return this.skip();
    const jobs = new IsolatedJobs('user');
    const mess =
      'mkdir -p deep/er; touch deep/er/file; chmod 0 deep/er/file deep/er; chown -R 1000:1000 deep; chmod 0 deep';
    const repository = jobs.repository({ 'deep/kept.txt': 'kept\n' });
    try {
      await jobs.keepTrees();
      for (const job of ['', `container: ${tinyImage}`]) {
        jobs.engine = used.session.next();
        const action = `- uses: docker://${tinyImage}\n  with: { entrypoint: sh, args: -c "${mess}" }`;
        const steps = `- uses: actions/checkout@v4\n- run: test ! -e deep/er && cat deep/kept.txt\n${action}`;
        const { outcome, log } = await jobs.steps(steps, repository, 'app', job);
        expect(outcome, log).to.include({ status: 'success' });
        expect(log).to.include('\nkept\n');
      }
    } finally {
      jobs.clean();
    }
  });

  it('gives the commands of a Dockerfile the network of the job', async function () {
    if (!(await isIsolable('sandbox')) || !hasBuilder()) return this.skip();
    const { port } = server.address() as AddressInfo;
    const address = Object.values(networkInterfaces())
      .flat()
      .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
    const ask = `(nc -w 5 ${address} ${port} < /dev/null 2> /dev/null || echo refused); echo "$(grep -c eth0: /proc/net/dev) devices"`;
    for (const [network, reached] of [
      [undefined, /^reached\n\d+ devices/],
      ['on', /^refused\n1 devices/],
      ['off', /^refused\n0 devices/],
    ] as const) {
      const jobs = new IsolatedJobs('sandbox', network && { sandboxNetwork: network });
      const repository = jobs.repository({ Dockerfile: `FROM docker.io/library/tiny:1\nRUN ${ask}\nCMD ["true"]\n` });
      try {
        jobs.engine = used.session.next();
        const { outcome, log } = await jobs.steps('- uses: actions/checkout@v4\n- uses: ./', repository);
        expect(outcome, log).to.include({ status: 'success' });
        expect(/(?<=\n)(?:reached|refused)\n.* devices/.exec(log)?.[0], log).to.match(reached);
      } finally {
        jobs.clean();
      }
    }
  });

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
    const { port } = server.address() as AddressInfo;
    const command = `sh -c 'found=$(nc -w 2 ${machine} ${port} </dev/null || echo refused); while true; do echo "$found" | nc -l -p 80; done'`;
    const services = `services: { web: { image: ${tinyImage}, ports: ['8080:80'], command: ${JSON.stringify(command)} } }`;
    for (const sandboxNetwork of ['on', 'off', 'example.org']) {
      const jobs = new IsolatedJobs('sandbox', { sandboxNetwork });
      const ask = async (steps: string, job: string) => {
        jobs.engine = used.session.next();
        const { outcome, log } = await jobs.steps(steps, undefined, 'app', job);
        expect(outcome, log).to.include({ status: 'success' });
        expect(log, sandboxNetwork).to.include('\nrefused\n').and.not.include('\nreached\n');
      };
      try {
        const reach = 'until nc web 80 | grep re[fa]; do sleep 0.1; done';
        await ask(
          `- run: ${sandboxNetwork === 'on' ? reach : `${reach}; ! nslookup -type=a example.com`}`,
          `container: ${tinyImage}\n${services}`,
        );
        await ask(
          '- run: until (exec 5<>/dev/tcp/localhost/8080; cat <&5) 2>/dev/null | grep re[fa]; do sleep 0.1; done\n  shell: bash',
          services,
        );
      } finally {
        jobs.clean();
      }
    }
  });
});
