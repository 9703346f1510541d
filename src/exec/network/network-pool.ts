import { addressClass } from '../../kernel/network-policy.ts';
import type { VoltServer } from '../../kernel/volt-servers.ts';
import { machineAddresses, nearSubnets } from '../../system/machine-addresses.ts';
import { filterRules, listedAddresses, ownAddresses, serverAddresses } from './filter.ts';
import { type GroupNetwork, JobNetwork } from './job-network.ts';
import { ListedHosts } from './listed-hosts.ts';
import type { JobNetworks, NetworkKind } from './network-check.ts';

/** A network that nobody has used for this long (ms) is given up, for its process takes some 16 MB. */
const idleTime = 60_000;
/** One is made in advance when no job has begun for this long (ms): until then the processor is for the jobs. */
const quiet = 1000;
/** How often (ms) somebody looks whether the machine has other addresses or networks, or names have other addresses. */
const watchTime = 2000;

/** Who may have a network after whom: jobs of one repository and one class of trust, one after the other. */
export interface NetworkOwner {
  key: string;
  trusted: boolean;
}

/** A network that no job has. */
interface Kept {
  network: JobNetwork;
  /** undefined where it was made in advance and is anybody's */
  owner: string | undefined;
  timer: NodeJS.Timeout;
}

/**
 * Networks for the jobs of one runner. To make one takes longer than a small job does, so one is kept ready, and what a
 * job has had goes to the next one of the same repository and class: with the job's processes everything of it is gone.
 */
export class NetworkPool {
  readonly #networks: JobNetworks;
  readonly #hosts: ListedHosts | undefined;
  readonly #servers: readonly VoltServer[];
  readonly #serverHosts: ListedHosts;
  readonly #most: number;
  readonly #all = new Set<JobNetwork>();
  /** those that no job has, the newest last */
  readonly #idle: Kept[] = [];
  readonly #closing = new Set<Promise<void>>();
  readonly #changed: (hosts: string) => void;
  #topUp: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #own = ownNetworks();
  #isClosed = false;

  /**
   * @param most how many are kept that no job has
   * @param servers what no job may reach
   * @param changed is told the lines of a list's hosts, see `ListedHosts.lines`, whenever they are others
   */
  constructor(
    networks: JobNetworks,
    most: number,
    servers: readonly VoltServer[] = [],
    changed: (hosts: string) => void = () => undefined,
  ) {
    this.#networks = networks;
    this.#most = most;
    this.#servers = servers;
    this.#serverHosts = new ListedHosts(servers.map(({ host }) => ({ host, port: undefined })));
    this.#changed = changed;
    const { policy } = networks;
    this.#hosts = policy.kind === 'list' && networks.trusted === 'own' ? new ListedHosts(policy.hosts) : undefined;
  }

  /**
   * Finds the addresses of a list's hosts, and begins to make one in advance.
   * @returns names of the list that have no address
   */
  async start(): Promise<string[]> {
    if (this.kindFor(true) !== 'own') return [];
    await this.#renew();
    this.#makeSpare(true);
    return this.#hosts?.missing ?? [];
  }

  /** What kind of network a job has. */
  kindFor(trusted: boolean): NetworkKind {
    return trusted ? this.#networks.trusted : this.#networks.others;
  }

  /**
   * @returns what the job's process group is opened in
   * @throws VoltError `tool_missing`
   */
  async take({ key, trusted }: NetworkOwner): Promise<GroupNetwork> {
    const kind = this.kindFor(trusted);
    if (kind !== 'own') return kind;
    await this.#renew();
    const isFit = ({ owner, network }: Kept) =>
      network.alive && (owner === key || (owner === undefined && network.trusted === trusted));
    // its own before one that anybody may have
    const found = this.#idle.findLast((each) => isFit(each) && each.owner === key) ?? this.#idle.find(isFit);
    if (!found) return this.#make(trusted);
    this.#idle.splice(this.#idle.indexOf(found), 1);
    clearTimeout(found.timer);
    if (found.owner === undefined) this.#prepare(trusted);
    return found.network;
  }

  /**
   * Takes one back that a job has had.
   * @param isEmpty whether it is certain that no process of the job is left, so that the next one may have it
   */
  giveBack(network: GroupNetwork, { key }: NetworkOwner, isEmpty: boolean): void {
    if (typeof network === 'string') return;
    if (isEmpty && network.alive && !this.#isClosed) this.#keep(network, key);
    else this.#end(network);
  }

  /** Resolves when all have ended, those that jobs have, too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#topUp);
    clearInterval(this.#watch);
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    for (const network of this.#all) this.#end(network);
    await Promise.all(this.#closing);
  }

  async #make(trusted: boolean): Promise<JobNetwork> {
    const own = ownNetworks();
    const servers = this.#serverAddresses;
    const listed = this.#hosts?.addresses;
    const network = await JobNetwork.open(trusted, filterRules({ trusted, listed, servers }));
    this.#all.add(network);
    if (this.#isClosed) this.#end(network);
    if (ownNetworks() !== own) network.change(ownAddresses());
    network.change(serverAddresses(this.#serverAddresses));
    if (listed) network.change(listedAddresses(this.#hosts?.addresses ?? []));
    this.#watch ??= setInterval(() => this.#look(), watchTime).unref();
    return network;
  }

  #keep(network: JobNetwork, owner: string | undefined): void {
    const kept: Kept = { network, owner, timer: setTimeout(() => this.#drop(kept), idleTime).unref() };
    this.#idle.push(kept);
    if (this.#idle.length > this.#most) this.#drop(this.#idle[0] as Kept);
  }

  #drop(kept: Kept): void {
    const index = this.#idle.indexOf(kept);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    clearTimeout(kept.timer);
    this.#end(kept.network);
  }

  #prepare(trusted: boolean): void {
    clearTimeout(this.#topUp);
    this.#topUp = setTimeout(() => {
      if (this.#idle.some(({ owner, network }) => owner === undefined && network.trusted === trusted)) return;
      this.#makeSpare(trusted);
    }, quiet).unref();
  }

  /** A job that comes meanwhile makes its own, and says why it cannot. */
  #makeSpare(trusted: boolean): void {
    this.#make(trusted).then(
      (network) => this.#isClosed || this.#keep(network, undefined),
      () => undefined,
    );
  }

  #end(network: JobNetwork): void {
    this.#all.delete(network);
    if (this.#all.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    const closed = network.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Has all know the addresses of this machine and the networks that it is in, which may come and go. */
  #look(): void {
    const own = ownNetworks();
    if (own !== this.#own) {
      this.#own = own;
      for (const network of this.#all) network.change(ownAddresses());
    }
    void this.#renew();
  }

  async #renew(): Promise<void> {
    const [isListOther, areServersOther] = await Promise.all([this.#hosts?.renew(), this.#serverHosts.renew()]);
    if (areServersOther) for (const network of this.#all) network.change(serverAddresses(this.#serverAddresses));
    if (!this.#hosts || !isListOther) return;
    this.#changed(this.#hosts.lines);
    for (const network of this.#all) network.change(listedAddresses(this.#hosts.addresses));
  }

  get #serverAddresses(): string[] {
    return this.#servers.flatMap(({ host, isShared }) => {
      const addresses = this.#serverHosts.addressesOf(host);
      return isShared ? addresses.filter((address) => addressClass(address) !== 'public') : addresses;
    });
  }
}

/** All that rules know of this machine's own network. */
function ownNetworks(): string {
  return [...machineAddresses(), '', ...nearSubnets()].join();
}
