import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

/**
 * The most open connections of all senders together and of one sender. A proxy is one sender for all of its clients. An idle
 * connection takes about 5 kB.
 */
const most = { all: 1500, sender: 1000 } as const;

/** Milliseconds for the head of a request, for the whole request, and between two checks of these limits. */
export const serverOptions = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
} as const;

interface Connection {
  socket: Socket;
  sender: string;
  /** whether a complete request was answered on it */
  served: boolean;
  /** requests that have begun and are not yet answered */
  requests: Set<IncomingMessage>;
}

/**
 * The connections of this stage on all addresses that it listens on. When there are too many, an idle connection is closed
 * for a new one: one of the same sender if that has its share, else one of the sender with the most; preferably one that
 * never had a request, then the oldest. So a client that opens thousands loses its own. A connection counts as busy only
 * while a complete request waits for its answer: a client could leave out the end of a body on purpose.
 */
export class Connections {
  readonly #most: { all: number; sender: number };
  /** oldest first */
  readonly #open = new Map<Socket, Connection>();
  readonly #bySender = new Map<string, number>();

  constructor(bounds: { all: number; sender: number } = most) {
    this.#most = bounds;
  }

  /** Limits the connections to a server. */
  guard(server: Server): void {
    server.on('connection', (socket) => this.#connected(socket));
    server.on('request', (request, response) => this.#requested(request, response));
  }

  #connected(socket: Socket): void {
    const sender = networkOf(socket.remoteAddress ?? '');
    const ofSender = this.#bySender.get(sender) ?? 0;
    const full = ofSender >= this.#most.sender || this.#open.size >= this.#most.all;
    if (full && !this.#makeRoom(ofSender >= this.#most.sender ? sender : this.#busiest())) {
      socket.destroy();
      return;
    }
    this.#open.set(socket, { socket, sender, served: false, requests: new Set() });
    this.#count(sender, 1);
    socket.once('close', () => {
      if (this.#open.delete(socket)) this.#count(sender, -1);
    });
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(request.socket);
    if (!connection) return;
    connection.requests.add(request);
    response.once('close', () => {
      connection.requests.delete(request);
      connection.served ||= request.complete;
    });
  }

  /** @returns whether the sender had an idle connection, which is now closed */
  #makeRoom(sender: string): boolean {
    let idle: Connection | undefined;
    for (const connection of this.#open.values()) {
      if (connection.sender !== sender || isBusy(connection)) continue;
      idle ??= connection;
      if (connection.served) continue;
      idle = connection;
      break;
    }
    if (!idle) return false;
    this.#open.delete(idle.socket);
    this.#count(sender, -1);
    idle.socket.destroy();
    return true;
  }

  /** The sender with the most connections. */
  #busiest(): string {
    let [busiest, count] = ['', 0];
    for (const [sender, ofSender] of this.#bySender) if (ofSender > count) [busiest, count] = [sender, ofSender];
    return busiest;
  }

  #count(sender: string, change: 1 | -1): void {
    const count = (this.#bySender.get(sender) ?? 0) + change;
    if (count === 0) this.#bySender.delete(sender);
    else this.#bySender.set(sender, count);
  }
}

/** Whether a complete request waits for its answer. */
function isBusy({ requests }: Connection): boolean {
  return [...requests].some(({ complete }) => complete);
}
