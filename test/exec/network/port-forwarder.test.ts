import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { runCommand } from '../../../src/exec/command.ts';
import { detectGroupKind } from '../../../src/exec/group-kind.ts';
import { PortForwarder } from '../../../src/exec/network/port-forwarder.ts';
import { ProcessGroup } from '../../../src/exec/process-group.ts';

describe("ports in a job's network", () => {
  let group: ProcessGroup;
  let server: Server;
  let forwarder: PortForwarder | undefined;

  before(async function () {
    const kind = await detectGroupKind();
    if (kind === 'group') this.skip();
    group = await ProcessGroup.open(3600, kind, { network: 'loopback' });
    // answers when the other side has ended what it sends
    server = createServer({ allowHalfOpen: true }, (socket) => {
      let got = '';
      socket.on('data', (chunk) => {
        got += chunk;
      });
      socket.on('end', () => socket.end(`got ${got}`));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    await group?.close();
    server?.close();
  });
  afterEach(() => forwarder?.close());

  const to = () => ({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const open = async (...ports: { port?: number; to: { host: string; port: number } }[]) => {
    forwarder = await PortForwarder.open(group.pid as number, group.groupKind === 'user-namespace', ports);
    return forwarder;
  };
  /** Sends a word from a process in the network, ends the sending, and returns the answer. */
  const ask = async (host: string, port: number) => {
    const program = `const socket = require('net').connect({host: '${host}', port: ${port}, allowHalfOpen: true});
socket.on('error', (error) => { console.log(error.code); process.exit(); });
socket.on('data', (chunk) => process.stdout.write(chunk)); socket.end('word');`;
    let said = '';
    const output = (chunk: Buffer) => {
      said += chunk;
    };
    const { signal } = new AbortController();
    const argv = [process.execPath, '-e', program];
    await runCommand({ processes: group, argv, cwd: '/', env: { PATH: '/usr/bin:/bin' }, output, signal });
    return said.trim();
  };

  it('lead to an address outside, for as long as they are open', async () => {
    const { ports } = await open({ port: 5432, to: to() }, { to: to() });
    expect(ports[0]).to.equal(5432);
    expect(ports[1]).to.be.greaterThan(1024);
    expect(await ask('127.0.0.1', 5432)).to.equal('got word');
    expect(await ask('::1', ports[1] as number)).to.equal('got word');
    await forwarder?.close();
    expect(await ask('127.0.0.1', 5432)).to.equal('ECONNREFUSED');
  });

  it('end a connection that leads nowhere', async () => {
    const { ports } = await open({ to: { host: '127.0.0.1', port: 1 } });
    expect(await ask('127.0.0.1', ports[0] as number)).to.be.oneOf(['ECONNRESET', 'EPIPE', '']);
  });

  it('are refused where they lead to no IP address', async () => {
    for (const host of ['', 'localhost']) {
      const problem = await open({ to: { ...to(), host } }).catch((error) => error);
      expect(problem, host).to.include({ code: 'spawn_failed' });
      expect(problem.message).to.include(`"${host}" is not an IP address`);
    }
  });

  it('are refused where two are the same', async () => {
    const problem = await open({ port: 5432, to: to() }, { port: 5432, to: to() }).catch((error) => error);
    expect(problem).to.include({ code: 'spawn_failed' });
    expect(problem.message).to.include('EADDRINUSE');
  });
});
