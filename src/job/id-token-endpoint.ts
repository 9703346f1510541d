import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PortForwarder } from '../exec/network/port-forwarder.ts';
import { type Delivered, longestAudience } from '../secrets/delivery.ts';
import { JobAborted } from './outcome.ts';
import type { Masker } from './output/masker.ts';

/** ID tokens that one job may get: each is hidden in all of its output. */
const mostTokens = 100;
/** Connections at the same time. */
const mostConnections = 16;
/** Milliseconds in which a request must have come. */
const requestPatience = 10_000;

/** A network that processes of the job are in, named by one of its processes. */
export interface JobPlace {
  pid: number;
  /** whether the network belongs to a user namespace, since Volt is not root */
  isRootless: boolean;
}

interface Asking {
  ask(audience: string | undefined): Promise<Delivered<'id-token'>>;
  masker: Masker;
}

/**
 * Where the processes of a job ask for ID tokens, with the protocol of GitHub's service: a GET request with a bearer token and
 * `audience` in the query, answered with `value` as JSON. It listens at the loopback address of the machine, which most jobs do not
 * reach, and a forwarder brings it into their network. The bearer token keeps others out.
 */
export class IdTokenEndpoint {
  readonly #asking: Asking;
  readonly #server: Server;
  readonly #bearer = randomBytes(32).toString('base64url');
  readonly #forwarders = new Set<PortForwarder>();
  #port = 0;
  #given = 0;
  /** resolves when the requests that came before are answered */
  #before: Promise<unknown> = Promise.resolve();

  private constructor(asking: Asking) {
    this.#asking = asking;
    this.#server = createServer(
      { requestTimeout: requestPatience, headersTimeout: requestPatience },
      (request, answer) => {
        this.#before = this.#before.then(() => this.#answer(request, answer)).catch(() => answer.destroy());
      },
    );
    this.#server.maxConnections = mostConnections;
  }

  /**
   * @param place where the steps of the job run; undefined for the machine's network
   * @throws VoltError `spawn_failed`
   */
  static async open(asking: Asking, place: JobPlace | undefined): Promise<IdTokenEndpoint> {
    const endpoint = new IdTokenEndpoint(asking);
    asking.masker.add(endpoint.#bearer);
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', reject);
      endpoint.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    try {
      endpoint.#port = endpoint.#ownPort;
      if (place) endpoint.#port = (await endpoint.#forward(place)).ports[0] as number;
      return endpoint;
    } catch (error) {
      await endpoint.close();
      throw error;
    }
  }

  /** For the environment of the job's processes, by the names that `@actions/core` looks for. */
  get variables(): Record<string, string> {
    return {
      // the query must have begun: actions append `&audience=`
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${this.#port}/id-token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: this.#bearer,
    };
  }

  /**
   * Opens the same port in another network of the job, such as that of an action's container.
   * @returns what closes it
   * @throws VoltError `spawn_failed`
   */
  async reach(place: JobPlace): Promise<() => Promise<void>> {
    const forwarder = await this.#forward(place, this.#port);
    return async () => {
      this.#forwarders.delete(forwarder);
      await forwarder.close();
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#forwarders].map((forwarder) => forwarder.close()));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #ownPort(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #forward({ pid, isRootless }: JobPlace, port?: number): Promise<PortForwarder> {
    const to = { host: '127.0.0.1', port: this.#ownPort };
    const forwarder = await PortForwarder.open(pid, isRootless, [{ ...(port !== undefined && { port }), to }]);
    this.#forwarders.add(forwarder);
    return forwarder;
  }

  async #answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (answer.destroyed) return;
    const { status, body } = await this.#answerTo(request);
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #answerTo({ method, url = '', headers }: IncomingMessage): Promise<{ status: number; body: object }> {
    const refusal = (status: number, message: string) => ({ status, body: { message } });
    if (!this.#isBearer(headers.authorization)) return refusal(401, 'the bearer token is missing or wrong');
    const asked = URL.canParse(url, 'http://job') ? new URL(url, 'http://job') : undefined;
    if (method !== 'GET' || asked?.pathname !== '/id-token') return refusal(404, 'only GET /id-token is here');
    const audience = asked.searchParams.get('audience') || undefined;
    if (audience !== undefined && audience.length > longestAudience)
      return refusal(400, `the audience has more than ${longestAudience} characters`);
    if (this.#given >= mostTokens) return refusal(429, `a job gets at most ${mostTokens} ID tokens`);
    try {
      const given = await this.#asking.ask(audience);
      if ('withheld' in given) return refusal(403, given.withheld);
      this.#given++;
      this.#asking.masker.add(given.token);
      return { status: 200, body: { count: given.token.length, value: given.token } };
    } catch (error) {
      if (error instanceof JobAborted) return refusal(503, error.outcome.message ?? 'the job has ended');
      throw error;
    }
  }

  #isBearer(header: string | undefined): boolean {
    const given = Buffer.from(/^Bearer (\S+)$/i.exec(header ?? '')?.[1] ?? '');
    const own = Buffer.from(this.#bearer);
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
