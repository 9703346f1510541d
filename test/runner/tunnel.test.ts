import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { Queues } from '../../src/queues/queues.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { startRunner } from '../../src/runner/start.ts';
import { TestRepository } from '../support/repository.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';
import { TestVolt } from '../support/volt.ts';

describe('a runner that reaches Redis through a tunnel', () => {
  it('ends its jobs when the tunnel refuses connections, before another runner has them', async () => {
    const repository = new TestRepository({ 'a.txt': 'a' });
    const volt = await TestVolt.start();
    const { context } = volt;
    context.logger.silent = true;
    const tunnel = new Tunnel(volt.redis.port);
    const access = await connectRedis(context.config, await tunnel.open(), context.logger);
    const queues = new Queues(access, context.logger);
    await volt.reporter();
    await volt.dispatcher();
    await volt.observe(repository.path, { name: 'app', command: 'true' });
    const [near, far] = [
      await volt.runner({ name: 'near' }),
      await startRunner({ ...context, access, queues }, { name: 'far', labels: ['far'], slots: 1, graceSeconds: 0 }),
    ];
    try {
      const sleep = longSleep();
      const build = await volt.plan('app', repository.head(), { job: { command: `sleep ${sleep}`, labels: ['far'] } });
      await until('it runs', () => processesWith(sleep).length > 0);
      await volt.built(build, ({ jobs }) => jobs[0]?.status === 'running');
      tunnel.cut();
      await volt.built(build, ({ jobs }) => (jobs[0]?.attempts[0]?.status ?? 'running') !== 'running');
      expect(processesWith(sleep)).to.deep.equal([]);
    } finally {
      await far.stop();
      await queues.close();
      await access.close();
      await near.stop();
      await volt.stop();
      repository.remove();
    }
  });
});

/** Hands connections on to a port of this machine, until it is cut: then its port refuses them. */
class Tunnel {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) this.#sockets.add(socket.on('error', () => undefined));
      near.pipe(far).pipe(near);
    });
  }

  /** @returns the address of the Redis at its other end */
  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
