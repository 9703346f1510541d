import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ListedHost } from '../../kernel/network-policy.ts';
import { within } from '../../system/wait.ts';
import type { ListedAddress } from './filter.ts';

/** A resolver that does not answer within this time (ms) is asked again at the next turn. */
const patience = 5000;
/** Names are asked for again after this time (ms), and what they were before stays good for one turn more. */
const listTurn = 60_000;

/** Where hosts are now that a setting names, as this machine resolves their names. */
export class ListedHosts {
  readonly #hosts: readonly ListedHost[];
  /** by name, what the last two answers had */
  readonly #answers = new Map<string, [newest: string[], before: string[]]>();
  #asked = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(hosts: readonly ListedHost[]) {
    this.#hosts = hosts;
  }

  /** Asks where the last answers are old. A name that has none keeps what it had. @returns whether anything is different */
  async renew(): Promise<boolean> {
    if (performance.now() - this.#asked < listTurn) return false;
    const before = JSON.stringify(this.addresses);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    return JSON.stringify(this.addresses) !== before;
  }

  /** Names that have no address so far. */
  get missing(): string[] {
    return this.#names.filter((name) => !this.#answers.has(name));
  }

  get addresses(): ListedAddress[] {
    return this.#hosts.flatMap(({ host, port }) => this.addressesOf(host).map((address) => ({ address, port })));
  }

  /** Lines for a file of hosts, see hosts(5): whoever may reach only these needs no resolver. */
  get lines(): string {
    return this.#names
      .flatMap((name) => [...(this.#answers.get(name)?.[0] ?? [])].map((address) => `${address} ${name}\n`))
      .join('');
  }

  get #names(): string[] {
    return [...new Set(this.#hosts.map(({ host }) => host).filter((host) => isIP(host) === 0))];
  }

  /** Of one of them. */
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
