import { addressClass } from '../../kernel/network-policy.ts';
import type { VoltServer } from '../../kernel/volt-servers.ts';
import { machineAddresses, nearSubnets } from '../../system/machine-addresses.ts';
import { filterRules, listedAddresses, ownAddresses, serverAddresses } from './filter.ts';
import { type GroupNetwork, JobNetwork } from './job-network.ts';
import { ListedHosts } from './listed-hosts.ts';
import type { JobNetworks, NetworkKind } from './network-check.ts';

/** Milliseconds after which an unused network is closed, since its process takes some 16 MB. */
const idleTime = 60_000;
/** A spare network is made when no job has begun for this many milliseconds: until then the processor is for the jobs. */
const quiet = 1000;
/** Milliseconds between checks for changed addresses and networks of the machine, and changed addresses of names. */
const watchTime = 2000;

/** Jobs that can use the same network one after the other: those of one repository and trust class. */
export interface NetworkOwner {
  key: string;
  trusted: boolean;
}

/** A network that no job has. */
interface Kept {
  network: JobNetwork;
  /** undefined for a spare network, which any job can get */
  owner: string | undefined;
  timer: NodeJS.Timeout;
}

/**
 * Networks for the jobs of one runner. Making a network takes longer than a small job, so a spare one is kept ready, and the network
 * of a job goes to the next job of the same repository and trust class: when the job's processes have ended, nothing of it is left.
 */
export class NetworkPool {
  readonly #networks: JobNetworks;
  readonly #hosts: ListedHosts | undefined;
  readonly #servers: readonly VoltServer[];
  readonly #serverHosts: ListedHosts;
  readonly #most: number;
  readonly #all = new Set<JobNetwork>();
  /** networks without a job, the newest last */
  readonly #idle: Kept[] = [];
  readonly #closing = new Set<Promise<void>>();
  readonly #changed: (hosts: string) => void;
  #topUp: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #own = ownNetworks();
  #isClosed = false;

  /**
   * @param most networks that are kept without a job
   * @param servers are blocked for all jobs
   * @param changed gets the new `ListedHosts.lines` when they change
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
   * Looks up the listed hosts, and starts to make a spare network.
   * @returns listed names without an address
   */
  async start(): Promise<string[]> {
    if (this.kindFor(true) !== 'own') return [];
    await this.#renew();
    this.#makeSpare(true);
    return this.#hosts?.missing ?? [];
  }

  /** The kind of network that a job gets. */
  kindFor(trusted: boolean): NetworkKind {
    return trusted ? this.#networks.trusted : this.#networks.others;
  }

  /**
   * Takes a network for a job.
   * @throws VoltError `tool_missing`
   */
  async take({ key, trusted }: NetworkOwner): Promise<GroupNetwork> {
    const kind = this.kindFor(trusted);
    if (kind !== 'own') return kind;
    await this.#renew();
    const isFit = ({ owner, network }: Kept) =>
      network.alive && (owner === key || (owner === undefined && network.trusted === trusted));
    // a network of the same owner before a spare one
    const found = this.#idle.findLast((each) => isFit(each) && each.owner === key) ?? this.#idle.find(isFit);
    if (!found) return this.#make(trusted);
    this.#idle.splice(this.#idle.indexOf(found), 1);
    clearTimeout(found.timer);
    if (found.owner === undefined) this.#prepare(trusted);
    return found.network;
  }

  /**
   * Takes the network of a job back.
   * @param isEmpty whether it is certain that no process of the job is left, so that the next job can use the network
   */
  giveBack(network: GroupNetwork, { key }: NetworkOwner, isEmpty: boolean): void {
    if (typeof network === 'string') return;
    if (isEmpty && network.alive && !this.#isClosed) this.#keep(network, key);
    else this.#end(network);
  }

  /** Resolves when all networks have ended, also those of running jobs. */
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
    this.#watch ??= setInterval(() => this.#poll(), watchTime).unref();
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

  /** Ignores a failure: a job that needs a network makes one and reports the failure. */
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

  /** Updates the rules of all networks with the addresses and networks of this machine. */
  #poll(): void {
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

/** Addresses and networks of this machine, as the rules use them. */
function ownNetworks(): string {
  return [...machineAddresses(), '', ...nearSubnets()].join();
}
