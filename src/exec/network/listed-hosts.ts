import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ListedHost } from '../../kernel/network-policy.ts';
import { within } from '../../system/wait.ts';
import type { ListedAddress } from './filter.ts';

/** Milliseconds to wait for the resolver; then the name is looked up again next time. */
const patience = 5000;
/** Milliseconds between lookups of a name. The addresses of the lookup before stay valid, too. */
const lookupInterval = 60_000;

/** The current addresses of hosts that a setting lists, as this machine resolves them. */
export class ListedHosts {
  readonly #hosts: readonly ListedHost[];
  /** by name, the addresses of the last two answers */
  readonly #answers = new Map<string, [newest: string[], before: string[]]>();
  #asked = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(hosts: readonly ListedHost[]) {
    this.#hosts = hosts;
  }

  /** Looks the names up again if the last answers are old. A name without an answer keeps its addresses. @returns whether any changed */
  async renew(): Promise<boolean> {
    if (performance.now() - this.#asked < lookupInterval) return false;
    const before = JSON.stringify(this.addresses);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    return JSON.stringify(this.addresses) !== before;
  }

  /** Names without any address so far. */
  get missing(): string[] {
    return this.#names.filter((name) => !this.#answers.has(name));
  }

  get addresses(): ListedAddress[] {
    return this.#hosts.flatMap(({ host, port }) => this.addressesOf(host).map((address) => ({ address, port })));
  }

  /** Lines for /etc/hosts, see hosts(5). With a list, jobs have no resolver. */
  get lines(): string {
    return this.#names
      .flatMap((name) => [...(this.#answers.get(name)?.[0] ?? [])].map((address) => `${address} ${name}\n`))
      .join('');
  }

  get #names(): string[] {
    return [...new Set(this.#hosts.map(({ host }) => host).filter((host) => isIP(host) === 0))];
  }

  addressesOf(host: string): string[] {
    return isIP(host) === 0 ? [...new Set(this.#answers.get(host)?.flat() ?? [])] : [host];
  }

  async #ask(): Promise<void> {
    await Promise.all(
      this.#names.map(async (name) => {
        const found = await within(
          lookup(name, { all: true }).catch(() => undefined),
          patience,
        );
        if (!found || found.length === 0) return;
        this.#answers.set(name, [found.map(({ address }) => address), this.#answers.get(name)?.[0] ?? []]);
      }),
    );
    this.#asked = performance.now();
  }
}
