import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver has got. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Answer {
  status: number;
  headers?: { [name: string]: string };
  body?: string;
}

/** A server that takes notices. It answers as `answer` says. */
export class NoticeReceiver {
  readonly received: Received[] = [];
  answer: Answer = { status: 200 };
  /** what it answers to a request, in the place of `answer` */
  check: ((received: Received) => Answer | Promise<Answer>) | undefined;
  /** whether it closes the connection without an answer */
  hangUp = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<NoticeReceiver> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { method = '', url = '', headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(parts).toString('utf8') };
      receiver.received.push(received);
      if (receiver.hangUp) return void request.socket.destroy();
      const { status, headers: sent, body } = (await receiver.check?.(received)) ?? receiver.answer;
      response.writeHead(status, sent).end(body);
    });
    const receiver = new NoticeReceiver(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was received, as JSON. */
  get bodies(): unknown[] {
    return this.received.map(({ body }) => JSON.parse(body) as unknown);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
