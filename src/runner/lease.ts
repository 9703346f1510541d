import { connect } from 'node:net';
import { systemCode } from '../kernel/errors.ts';
import { leaseTtl } from '../redis/membership.ts';

/** The right to run jobs, renewed by confirmed heartbeats. */
export class Lease {
  #renewedAt = performance.now();

  /** @param sentAt when the heartbeat that is now confirmed was sent, by `performance.now()` */
  renew(sentAt: number): void {
    this.#renewedAt = Math.max(this.#renewedAt, sentAt);
  }

  /** Time that a frozen process sleeps through counts too. */
  get valid(): boolean {
    return performance.now() - this.#renewedAt < leaseTtl;
  }
}

/**
 * Whether the address actively refuses connections, as opposed to being silent: then the server is down for everybody,
 * nobody can be given our jobs, and there is no reason to end them.
 */
export function refusesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.setTimeout(500, () => answer(false));
    socket.once('connect', () => answer(false));
    socket.once('error', (error) => answer(systemCode(error) === 'ECONNREFUSED'));
  });
}
