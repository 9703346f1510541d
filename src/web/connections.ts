import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './access/address.ts';

/**
 * Connections that are kept open, of all senders and of one. A proxy is one sender with all whom it serves; the rest is in
 * reserve for the others. An idle one takes some 20 kB.
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
  /** requests that are being answered */
  busy: number;
}

/**
 * The connections of this stage, on all addresses that it listens at. Where there are too many, the oldest that is asking for
 * nothing makes room for a new one, first of the same sender: who opens thousands loses them, and nobody else does.
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
    this.#open.set(socket, { socket, sender, busy: 0 });
    this.#count(sender, 1);
    socket.once('close', () => {
      if (this.#open.delete(socket)) this.#count(sender, -1);
    });
  }

  #asked({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    connection.busy++;
    response.once('close', () => {
      connection.busy--;
    });
  }

  /** @returns whether a connection of that sender was idle, and is closed now */
  #makeRoom(sender: string): boolean {
    for (const connection of this.#open.values()) {
      if (connection.sender !== sender || connection.busy > 0) continue;
      this.#open.delete(connection.socket);
      this.#count(sender, -1);
      connection.socket.destroy();
      return true;
    }
    return false;
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
