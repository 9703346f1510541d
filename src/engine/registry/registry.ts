import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseJson } from '../../system/parse-json.ts';
import { defaultHost, type ImageName } from '../image-name.ts';
import type { RegistryLogin } from '../images.ts';
import { BadAnswer, CheckedServers, NoAnswer, type Reach } from './checked-request.ts';
import { type Manifest, manifestTypes, readManifest } from './manifest.ts';

/** Bytes of a manifest and of other texts; large ones have some 50 kB. */
const largestText = 1_048_576;

/** Where Docker Hub's registry is. */
const hub = 'registry-1.docker.io';

/** An image as its registry has it. */
export interface RemoteImage {
  manifest: Manifest;
  /** of what its name means there: a manifest, or a list of them for several processors */
  digest: string;
}

/** The host that is asked for the images of a host. */
function registryHost({ host }: Pick<ImageName, 'host'>): string {
  return host === defaultHost ? hub : host;
}

/**
 * One repository of a registry, for one pull.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
 */
export class RegistryRepository {
  readonly #servers = new CheckedServers();
  readonly #base: string;
  readonly #path: string;
  readonly #login: RegistryLogin | undefined;
  readonly #reach: Reach;
  readonly #signal: AbortSignal;
  #authorization: string | undefined;

  constructor(
    { host, repository }: ImageName,
    { login, reach, signal }: { login: RegistryLogin | undefined; reach: Reach; signal: AbortSignal },
  ) {
    this.#path = repository.slice(host.length + 1);
    this.#base = `https://${registryHost({ host })}/v2/${this.#path}`;
    this.#login = login;
    this.#reach = reach;
    this.#signal = signal;
  }

  /**
   * @param version a tag or a digest
   * @throws BadAnswer; NoAnswer; what `reach` throws; the reason of the signal
   */
  async image(version: string): Promise<RemoteImage> {
    const named = await this.#manifest(version);
    const first = readManifest(named);
    const digest = digestOf(named);
    if (typeof first !== 'string') return { manifest: first, digest };
    const manifest = readManifest(await this.#manifest(first));
    if (typeof manifest === 'string') throw new BadAnswer('its registry has a list of images in a list of them');
    return { manifest, digest };
  }

  /** A part of the image, whose content the caller checks. @throws as `image` */
  async blob(digest: string): Promise<IncomingMessage> {
    return this.#get(`/blobs/${digest}`, []);
  }

  /** A short part of the image, which has that digest. @throws as `image` */
  async text(digest: string): Promise<string> {
    return this.#checked(await this.blob(digest), digest);
  }

  close(): void {
    this.#servers.close();
  }

  async #manifest(version: string): Promise<string> {
    const answer = await this.#get(`/manifests/${version}`, manifestTypes);
    return this.#checked(answer, version.startsWith('sha256:') ? version : undefined);
  }

  async #checked(answer: IncomingMessage, digest: string | undefined): Promise<string> {
    const content = await textOf(answer);
    if (digest !== undefined && digestOf(content) !== digest)
      throw new BadAnswer(`its registry sends something else than ${digest}`);
    return content;
  }

  async #get(path: string, accept: readonly string[]): Promise<IncomingMessage> {
    for (let isLast = false; ; isLast = true) {
      const answer = await this.#send(this.#base + path, accept);
      const { statusCode = 0, headers } = answer;
      if (statusCode === 200) return answer;
      const said = await textOf(answer);
      if (statusCode !== 401 || isLast) throw refusal(statusCode, said);
      this.#authorization = await this.#authorize(headers['www-authenticate'] ?? '');
    }
  }

  #send(address: string, accept: readonly string[], authorization = this.#authorization): Promise<IncomingMessage> {
    return this.#servers.get(address, { accept, authorization, reach: this.#reach, signal: this.#signal });
  }

  /**
   * Gets what a request needs that a registry has refused.
   * @see https://distribution.github.io/distribution/spec/auth/token/
   */
  async #authorize(wanted: string): Promise<string | undefined> {
    const basic =
      this.#login && `Basic ${Buffer.from(`${this.#login.username}:${this.#login.password}`).toString('base64')}`;
    if (!/^bearer\b/i.test(wanted)) return basic;
    const { realm = '', service } = Object.fromEntries(
      [...wanted.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
    );
    const query = new URLSearchParams({ ...(service && { service }), scope: `repository:${this.#path}:pull` });
    const answer = await this.#send(`${realm}${realm.includes('?') ? '&' : '?'}${query}`, [], basic);
    const said = await textOf(answer);
    if (answer.statusCode !== 200) throw refusal(answer.statusCode ?? 0, said);
    const { token, access_token: other } = (parseJson(said) ?? {}) as { token?: unknown; access_token?: unknown };
    const given = token ?? other;
    if (typeof given !== 'string') throw new BadAnswer('its registry gives no token');
    return `Bearer ${given}`;
  }
}

/** @throws NoAnswer; BadAnswer where it is too long */
async function textOf(answer: IncomingMessage): Promise<string> {
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > largestText) answer.destroy(new BadAnswer(`its registry sends more than ${largestText} bytes`));
  });
  try {
    return await text(answer);
  } catch (error) {
    if (error instanceof BadAnswer) throw error;
    throw new NoAnswer('its registry breaks off its answer', { cause: error });
  }
}

/** What a registry says of an error, see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes. */
function refusal(status: number, said: string): Error {
  const { errors } = (parseJson(said) ?? {}) as { errors?: { code?: unknown; message?: unknown }[] };
  const [first] = Array.isArray(errors) ? errors : [];
  const words = [first?.code, first?.message].filter((word) => typeof word === 'string').join(': ');
  const message = `its registry answers with HTTP status ${status}${words && `: ${words.slice(0, 500)}`}`;
  return status === 429 || status >= 500 ? new NoAnswer(message) : new BadAnswer(message);
}

function digestOf(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
