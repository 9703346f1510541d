import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

/**
 * Connections that are kept open, of all senders and of one. A proxy is one sender with all whom it serves; the rest is in
 * reserve for the others. An idle one takes some 5 kB.
 */
const most = { all: 1500, sender: 1000 } as const;

/** Milliseconds that a client may take to send the head of a request, and all of it, and how often that is looked at. */
export const serverOptions = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
} as const;

interface Connection {
  socket: Socket;
  sender: string;
  /** whether a request that came whole was answered */
  served: boolean;
  /** requests that have begun and are not answered yet */
  requests: Set<IncomingMessage>;
}

/**
 * The connections of this stage, on all addresses that it listens at. Where there are too many, one on which nothing is being
 * asked makes room for a new one, first of the same sender, first one on which nothing ever was, and of those the oldest: who
 * opens thousands loses them, and nobody else does. Only what has come whole is asked: anybody can begin a request, and leave
 * out the end of its body.
 */
export class Connections {
  readonly #most: { all: number; sender: number };
  /** oldest first */
  readonly #open = new Map<Socket, Connection>();
  readonly #bySender = new Map<string, number>();

  constructor(bounds: { all: number; sender: number } = most) {
    this.#most = bounds;
  }

  /** Bounds what comes to a server. */
  guard(server: Server): void {
    server.on('connection', (socket) => this.#come(socket));
    server.on('request', (request, response) => this.#asked(request, response));
  }

  #come(socket: Socket): void {
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

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(request.socket);
    if (!connection) return;
    connection.requests.add(request);
    response.once('close', () => {
      connection.requests.delete(request);
      connection.served ||= request.complete;
    });
  }

  /** @returns whether a connection of that sender was idle, and is closed now */
  #makeRoom(sender: string): boolean {
    let idle: Connection | undefined;
    for (const connection of this.#open.values()) {
      if (connection.sender !== sender || isAsked(connection)) continue;
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

/** Whether a request on it has come whole, and waits for its answer. */
function isAsked({ requests }: Connection): boolean {
  return [...requests].some(({ complete }) => complete);
}
