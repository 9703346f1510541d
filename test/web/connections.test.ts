import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { Connections } from '../../src/web/http/connections.ts';
import { until } from '../support/until.ts';

describe('web: connections', () => {
  let server: Server;
  let held: { end(): void }[];
  /** that have begun to come */
  let requests: number;
  let sockets: Socket[];
  beforeEach(() => {
    held = [];
    requests = 0;
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A server that answers `/held` when the test says so, and all else once it has read what was sent. */
  async function start(bounds: { all: number; sender: number }): Promise<number> {
    server = createServer((asked, answer) => {
      requests += 1;
      if (asked.url === '/held') held.push({ end: () => answer.end('late') });
      else asked.resume().on('end', () => answer.end('here'));
    });
    new Connections(bounds).guard(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** @param from an address of loopback of its own stands for a sender */
  async function open(port: number, from = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from });
    sockets.push(socket.on('error', () => undefined));
    await once(socket, 'connect');
    return socket;
  }

  function ask(port: number, path: string, from: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const client = request({ port, host: '127.0.0.1', localAddress: from, path, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve(text));
      });
      client.on('error', reject).end();
    });
  }

  it('that are idle are closed for new ones of the same sender, the oldest first', async () => {
    const port = await start({ all: 10, sender: 3 });
    const [first, second] = [await open(port), await open(port)];
    const other = await open(port, '127.0.0.2');
    await open(port);
    await open(port);
    await once(first ?? other, 'close');
    expect([second?.destroyed, other.destroyed]).to.deep.equal([false, false]);
    expect(await ask(port, '/', '127.0.0.1')).to.equal('here');
  });

  it('that were used before are kept longer than unused ones', async () => {
    const port = await start({ all: 10, sender: 2 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const again = () =>
      new Promise<string>((resolve, reject) => {
        const client = request({ port, host: '127.0.0.1', path: '/', agent }, (answer) => {
          answer.resume().on('end', () => resolve(String(client.reusedSocket)));
        });
        client.on('error', reject).end();
      });
    try {
      expect(await again()).to.equal('false');
      const silent = await open(port);
      await open(port);
      await until('the one that never asked to be closed', () => silent.destroyed);
      expect(await again()).to.equal('true');
    } finally {
      agent.destroy();
    }
  });

  it('with a request under way are kept, and new ones above the limit are refused', async () => {
    const port = await start({ all: 10, sender: 2 });
    const asked = [ask(port, '/held', '127.0.0.1'), ask(port, '/held', '127.0.0.1')];
    await until('both to be asked', () => held.length === 2);
    await once(await open(port), 'close');
    expect(await ask(port, '/', '127.0.0.2')).to.equal('here');
    for (const one of held) one.end();
    expect(await Promise.all(asked)).to.deep.equal(['late', 'late']);
  });

  it('with an incomplete request are closed for new ones', async () => {
    const port = await start({ all: 10, sender: 3 });
    const begun: Socket[] = [];
    for (let index = 0; index < 3; index++) {
      const socket = await open(port);
      socket.write('POST /sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{');
      begun.push(socket);
    }
    await until('all to have begun', () => requests === 3);
    expect(await ask(port, '/', '127.0.0.1')).to.equal('here');
    await until('the oldest of them to be closed', () => begun[0]?.destroyed === true);
    const asked = ask(port, '/held', '127.0.0.1');
    await until('the whole one to be asked', () => held.length === 1);
    for (let index = 0; index < 4; index++) await open(port);
    held[0]?.end();
    expect(await asked).to.equal('late');
  });

  it('of the sender with the most are closed if there are too many of all senders', async () => {
    const port = await start({ all: 4, sender: 3 });
    const flood = [await open(port), await open(port), await open(port)];
    const lone = await open(port, '127.0.0.2');
    expect(await ask(port, '/', '127.0.0.3')).to.equal('here');
    await until('the oldest of the flood to be closed', () => flood[0]?.destroyed === true);
    expect(lone.destroyed).to.equal(false);
  });
});
