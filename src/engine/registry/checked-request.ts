import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { errorText } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { pinnedLookup } from '../../system/pinned-lookup.ts';

/**
 * Decides whether a server may be asked.
 * @param host `host` or `host:port`
 * @returns its addresses, at one of which it is asked
 * @throws VoltError `image_unavailable`
 */
export type Reach = (host: string) => Promise<readonly string[]>;

export interface CheckedRequest {
  reach: Reach;
  /** for the named server, but not for others to which it redirects */
  authorization?: string | undefined;
  accept?: readonly string[];
  signal: AbortSignal;
}

/** Redirects in a row; registries send blobs to a storage with one. */
const mostRedirects = 5;
/** Milliseconds without a word of the server. */
const patience = 60_000;

/** A server does not answer, or breaks off: a later try may succeed. */
export class NoAnswer extends Error {}

/** A server's answer is not one of a registry. */
export class BadAnswer extends Error {}

/** Asks servers that somebody else has named, and those to which they redirect, by https and only where `reach` lets it. */
export class CheckedServers {
  readonly #agent = new https.Agent({ ...https.globalAgent.options, keepAlive: true });

  /**
   * @returns the answer to a GET, whatever its status; the caller reads it to its end or destroys it
   * @throws NoAnswer; BadAnswer; what `reach` throws; the reason of the signal
   */
  async get(address: string, { authorization, ...request }: CheckedRequest): Promise<IncomingMessage> {
    let url = urlOf(address);
    for (let redirects = 0; ; redirects++) {
      const first = url.origin === urlOf(address).origin;
      const answer = await this.#send(url, { ...request, authorization: first ? authorization : undefined });
      const { statusCode = 0, headers } = answer;
      if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return answer;
      answer.destroy();
      if (redirects === mostRedirects) throw new BadAnswer(`${url.host} redirects more than ${mostRedirects} times`);
      url = urlOf(headers.location, url);
    }
  }

  /** Ends its connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #send(url: URL, { reach, authorization, accept, signal }: CheckedRequest): Promise<IncomingMessage> {
    const addresses = await reach(url.host);
    signal.throwIfAborted();
    const headers = {
      'user-agent': `volt-ci/${version}`,
      ...(accept && { accept: accept.join(', ') }),
      ...(authorization !== undefined && { authorization }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(signal.aborted ? signal.reason : new NoAnswer(`${url.host} does not answer: ${errorText(error)}`));
      const sent = https.get(
        url,
        { agent: this.#agent, lookup: pinnedLookup(addresses), headers, signal, timeout: patience },
        resolve,
      );
      sent.on('timeout', () => sent.destroy(new Error(`nothing was heard for ${patience / 1000} s`)));
      sent.on('error', fail);
    });
  }
}

/** @throws BadAnswer */
function urlOf(address: string, base?: URL): URL {
  const url = URL.canParse(address, base?.href) ? new URL(address, base) : undefined;
  if (url?.protocol === 'https:') return url;
  const by = base === undefined ? 'the registry' : base.host;
  throw new BadAnswer(`${by} leads to ${address.slice(0, 200)}, which is no address by https`);
}
