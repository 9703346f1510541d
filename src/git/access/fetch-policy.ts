import { lookup } from 'node:dns/promises';
import { realpathSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsolute, resolve, sep } from 'node:path';
import { VoltError } from '../../kernel/errors.ts';
import { addressClass, isAmong, isListed, type NetworkPolicy } from '../../kernel/network-policy.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import type { VoltServer } from '../../kernel/volt-servers.ts';
import { environment } from '../../system/environment.ts';
import type { Access } from './credential-files.ts';
import { canonicalUrl, isSameHost, isSameServer, type Server, serverOf } from './server.ts';
import type { UntrustedServer } from './untrusted-server.ts';

/** A repository that a commit names, and how it is fetched. */
export interface FetchAddress {
  url: string;
  access?: Access | undefined;
  /** how git runs for it; missing for the job's own repository, and for a path */
  untrusted?: UntrustedServer | undefined;
  /** who may read what was fetched, as a part of the mirror's name; undefined for everybody who may read the job's repository */
  reader?: string | undefined;
}

/**
 * Decides what Volt fetches because a commit names it: submodules, other repositories, actions, files of Git LFS. An
 * address in a commit gives nobody more than the jobs of that ref may have.
 */
export interface FetchPolicy {
  /**
   * @param url from `submoduleUrl` or a setting
   * @throws VoltError `address_refused`, `fetch_failed` where its host name does not resolve
   */
  to(url: string): Promise<FetchAddress>;
  /**
   * A server of Git LFS tells git-lfs from where to download files, which may be any address. So for a ref that is not
   * trusted only the repository's own server is allowed, and those in VOLT_SANDBOX_NETWORK.
   * @throws as `to`
   */
  toLfs(url: string): Promise<FetchAddress>;
  /**
   * For images of containers: their registry, and any server to which it leads, may be any public one, and else only one that the
   * job itself may reach.
   * @param registry `host` or `host:port`
   * @returns its addresses
   * @throws VoltError `address_refused`
   */
  toRegistry(registry: string): Promise<readonly string[]>;
  /**
   * Whether images are fetched from just these addresses, and not by an engine that looks them up again. Not behind a proxy, which
   * looks names up itself.
   */
  readonly pinsRegistries: boolean;
}

export interface FetchRules {
  /** URL of the job's own repository */
  url: string;
  /** access to it; used for other repositories only with `sharesCredential` */
  access: Access;
  /** whether the ref is trusted, see kernel/trust.ts */
  trusted: boolean;
  network: NetworkPolicy;
  /** server of actions: the operator of Volt has named it, so it may be anywhere */
  actionsUrl: string;
  /** whether other repositories of the same server are fetched with the repository's credential, for trusted refs */
  sharesCredential: boolean;
  /** `host` or `host/path`: these are fetched with the credentials of the machine's user, for trusted refs */
  machineCredentials: readonly string[];
  /** folders in which every repository may have any other one as a submodule */
  neighbours: readonly string[];
  /** servers of Volt itself, from which nothing is fetched */
  servers: readonly VoltServer[];
  /** resolves a host name to addresses */
  resolve?: (host: string) => Promise<string[]>;
}

/** For a person's own work tree: everything, with that person's rights. */
export const ownerFetchPolicy: FetchPolicy = {
  to: async (url) => ({ url }),
  toLfs: async (url) => ({ url }),
  toRegistry: async () => [],
  pinsRegistries: false,
};

/** For the jobs of one ref. */
export class JobFetchPolicy implements FetchPolicy {
  readonly #rules: FetchRules;
  readonly #own: Server | undefined;
  readonly #actions: Server | undefined;

  constructor(rules: FetchRules) {
    this.#rules = rules;
    this.#own = serverOf(rules.url);
    this.#actions = serverOf(rules.actionsUrl);
  }

  async to(named: string): Promise<FetchAddress> {
    const { url: own, access } = this.#rules;
    if (named === own) return { url: own, access };
    if (isAbsolute(named)) return this.#toPath(named);
    const url = canonicalUrl(named);
    const server = serverOf(url);
    if (!server) throw refused(url, 'Volt does not fetch from such an address', other);
    const ofActions = isSameServer(server, this.#actions);
    const ofOwn = isSameHost(server, this.#own);
    const ofMachine = this.#rules.trusted && this.#rules.machineCredentials.some((each) => isBelow(url, server, each));
    const shares = ofOwn && this.#rules.trusted && this.#rules.sharesCredential;
    this.#checkProtocol(url, server, { ofActions, hasKey: ofMachine || shares });
    if (!ofActions && !ofOwn) this.#checkPolicy(url, server);
    const addresses = ofActions || ofOwn || ofMachine ? undefined : await this.#addresses(url, server);
    const untrusted: UntrustedServer = {
      asMachine: ofMachine && !shares,
      protocol: server.scheme,
      pinned: addresses === undefined ? undefined : { ...server, addresses },
      // the operator of Volt trusts that server, and repositories of actions are renamed
      redirects: ofActions,
    };
    const by = shares ? 'credential' : ofMachine ? 'machine' : 'nobody';
    return { url, access: shares ? access : undefined, untrusted, reader: this.#reader(by) };
  }

  async toLfs(named: string): Promise<FetchAddress> {
    const reached = await this.to(named);
    const { trusted, network } = this.#rules;
    if (trusted || network.kind === 'list' || !reached.untrusted?.pinned) return reached;
    throw refused(
      reached.url,
      'it is another server of Git LFS than that of the repository, and the ref is not trusted',
      'Keep the files at the server of the repository, or list the hosts that jobs may reach in VOLT_SANDBOX_NETWORK.',
    );
  }

  get pinsRegistries(): boolean {
    return !this.#rules.trusted && !isProxied();
  }

  async toRegistry(registry: string): Promise<readonly string[]> {
    const { trusted, network, resolve = addressesOf } = this.#rules;
    const server = serverOf(`https://${registry}`);
    if (!server) throw refused(registry, whose.none, otherRegistry);
    const { host, port } = server;
    const addresses = isIP(host) ? [host] : await resolve(host);
    if (addresses.length === 0 && !trusted && !isProxied())
      throw refused(registry, 'its name does not resolve on this machine', otherRegistry);
    const mayBePrivate =
      network.kind === 'list' ? isListed(network.hosts, host, port) : network.kind === 'on' && trusted;
    const why = await this.#whyClosed(addresses, mayBePrivate);
    if (why !== undefined) throw refused(registry, why, otherRegistry);
    return addresses;
  }

  /** Jobs of trusted and of other refs never read what was fetched for each other. */
  #reader(by: string): string {
    return JSON.stringify([this.#rules.url, this.#rules.trusted, by]);
  }

  #toPath(path: string): FetchAddress {
    const { url: own, neighbours } = this.#rules;
    if (path === own) return { url: path };
    const plain = resolve(path);
    // the target of a link counts; in the folder of actions, the operator of Volt has made the links
    const real = realFolder(plain);
    if (isAbsolute(own) && neighbours.some((folder) => isIn(real, realFolder(folder)))) {
      return { url: real, reader: this.#reader('path') };
    }
    const { actionsUrl } = this.#rules;
    if (isAbsolute(actionsUrl) && isIn(plain, resolve(actionsUrl)))
      return { url: plain, reader: this.#reader('actions') };
    throw refused(
      path,
      'it is a path of the machine',
      'Name its folder in VOLT_NEIGHBOURS if every repository that Volt observes in there may read it.',
    );
  }

  #checkProtocol(url: string, server: Server, { ofActions, hasKey }: { ofActions: boolean; hasKey: boolean }): void {
    const spoken = ['https', 'ssh', this.#own?.scheme, ofActions ? this.#actions?.scheme : undefined];
    if (!spoken.includes(server.scheme)) throw refused(url, `${server.scheme} is not encrypted`, other);
    if (server.scheme === 'ssh' && !hasKey) {
      throw refused(
        url,
        'Volt has no key for it',
        'Give it an https address, or, for jobs of trusted refs, let Volt use the credential of the repository at the same server (VOLT_SHARE_CREDENTIAL=on) or the keys of its user (VOLT_MACHINE_CREDENTIALS).',
      );
    }
  }

  #checkPolicy(url: string, { host, port }: Server): void {
    const { network } = this.#rules;
    if (network.kind === 'on' || (network.kind === 'list' && isListed(network.hosts, host, port))) return;
    const why = network.kind === 'off' ? 'is off' : `does not list ${host}`;
    throw refused(
      url,
      `it is at another server than the repository, and VOLT_SANDBOX_NETWORK ${why}`,
      'Keep it at the server of the repository, or list its host in VOLT_SANDBOX_NETWORK.',
    );
  }

  /** The job must be allowed to reach every address of the server, since git may take any of them. */
  async #addresses(url: string, { host }: Server): Promise<string[] | undefined> {
    const { trusted, network, resolve = addressesOf } = this.#rules;
    const addresses = isIP(host) ? [host] : await resolve(host);
    if (addresses.length === 0 && isProxied()) return undefined;
    if (addresses.length === 0) {
      throw new VoltError('fetch_failed', `cannot fetch ${hideCredentials(url)}: Could not resolve host: ${host}`, {
        remedy: 'See whether the address is right, and whether this machine can look its name up.',
      });
    }
    const why = await this.#whyClosed(addresses, trusted || network.kind === 'list');
    if (why !== undefined) throw refused(url, why, other);
    return addresses;
  }

  /** @returns why the job may not reach one of the addresses; undefined where it may reach all */
  async #whyClosed(addresses: readonly string[], mayBePrivate: boolean): Promise<string | undefined> {
    const closed = await this.#serverAddresses();
    for (const address of addresses) {
      const kind = isAmong(address, closed) ? 'volt' : addressClass(address);
      if (kind === 'private' && !mayBePrivate)
        return this.#rules.trusted
          ? 'it is in a private network that VOLT_SANDBOX_NETWORK does not open'
          : whose.private;
      if (kind !== 'public' && kind !== 'private') return whose[kind];
    }
    return undefined;
  }

  /** Addresses of Volt's own servers, without those that other servers may share. */
  async #serverAddresses(): Promise<string[]> {
    const { servers, resolve = addressesOf } = this.#rules;
    const found = await Promise.all(
      servers.map(async ({ host, isShared }) => {
        const addresses = isIP(host) ? [host] : await resolve(host);
        return isShared ? addresses.filter((address) => addressClass(address) !== 'public') : addresses;
      }),
    );
    return found.flat();
  }
}

const other =
  'Give it an https address at a server that is open to everybody, or keep it at the server of the repository.';

const otherRegistry =
  'Use an image of a registry that is open to everybody, let the settings of the repository or the runner name the image, or pull it on the machine of the runner beforehand.';

const whose = {
  volt: 'it is an address of a server of Volt',
  machine: 'it is an address of the machine that the runner is on',
  link: 'it is an address of the link that the runner is on',
  private: 'it is in a private network, and the ref is not trusted',
  none: 'it is no address of a server',
} as const;

/** Behind a proxy, host names may not resolve on this machine. */
function isProxied(): boolean {
  return ['http_proxy', 'https_proxy', 'HTTPS_PROXY'].some((name) => environment[name]);
}

async function addressesOf(host: string): Promise<string[]> {
  return lookup(host, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
}

/** @param allowed `host`, `host:port`, or these with a path behind them */
function isBelow(url: string, { host, port }: Server, allowed: string): boolean {
  const [, name = '', wanted, path = ''] = /^([^/:]+|\[[^\]]+\])(?::(\d+))?(?:\/(.*?))?\/*$/.exec(allowed) ?? [];
  if (name.replace(/^\[|\]$/g, '').toLowerCase() !== host) return false;
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const own = /^[a-z+]+:\/\//i.test(url) ? new URL(url).pathname.slice(1) : url.slice(url.indexOf(':') + 1);
  // no segment may lead upwards, however the server reads it
  if (/(^|\/|%2f)(\.|%2e){2}(\/|%2f|$)/i.test(own)) return false;
  return path === '' || own === path || own.startsWith(`${path}/`);
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function refused(url: string, why: string, remedy: string): VoltError {
  const shown = hideCredentials(url).slice(0, 300);
  return new VoltError('address_refused', `${shown} is not fetched for a commit that names it: ${why}`, { remedy });
}
