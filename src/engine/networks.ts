import { randomBytes } from 'node:crypto';
import { routeMtu } from '../system/route-mtu.ts';
import { labelFilter, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/** Bytes of the largest packet that engines count on. */
const usualMtu = 1500;

/** A network of the engine. */
export interface EngineNetwork {
  name: string;
  /** the machine's address in it */
  gateway: string;
  /** its own addresses, such as `10.0.0.0/24` */
  subnet: string;
  /** whether its resolver knows names other than those of its containers */
  resolvesAll: boolean;
}

/** An address that nobody has (RFC 5737), for a resolver that is to ask no other one. */
const nobody = '192.0.2.1';

/**
 * Makes a network that no other network of the engine reaches.
 * @param reach `hosts`: its containers find only each other by name; `nothing`: it leads nowhere
 * @param mostBytes of a packet on the machine's way out, such as through a VPN; undefined where it is unknown
 * @throws EngineRefusal, and VoltError `engine_failed`
 */
export async function makeNetwork(
  { connection, kind }: Engine,
  labels: Readonly<Record<string, string>>,
  reach: 'all' | 'hosts' | 'nothing' = 'all',
  mostBytes = routeMtu(),
): Promise<EngineNetwork> {
  // names of network devices have at most 15 characters; podmans with different stores choose the same ones
  const name = `volt${randomBytes(5).toString('hex')}`;
  const mtu = smallMtu(mostBytes);
  const internal = reach === 'nothing';
  if (kind === 'podman') {
    await connection.podman('/networks/create', {
      body: {
        ...{ name, driver: 'bridge', network_interface: name, dns_enabled: true, internal, labels },
        ...(reach === 'hosts' && { network_dns_servers: [nobody] }),
        // one side is enough: other people's networks need not have it
        options: { isolate: 'strict', ...(mtu !== undefined && { mtu: String(mtu) }) },
      },
    });
  } else {
    const size = mtu === undefined ? {} : { 'com.docker.network.driver.mtu': String(mtu) };
    const options = { 'com.docker.network.bridge.name': name, ...size };
    await connection.docker('/networks/create', {
      body: { Name: name, Labels: labels, Internal: internal, Options: options },
    });
  }
  const { IPAM: addresses } = await connection.docker<{
    IPAM: { Config?: { Gateway?: string; Subnet?: string }[] | null };
  }>(`/networks/${name}`);
  const found = addresses.Config?.find(({ Subnet: subnet }) => subnet?.includes('.'));
  const resolvesAll = kind === 'docker' || reach === 'all';
  return { name, gateway: found?.Gateway ?? '', subnet: found?.Subnet ?? '', resolvesAll };
}

/** @returns undefined where the engine's own choice fits the machine's network */
function smallMtu(mtu: number | undefined): number | undefined {
  return mtu !== undefined && mtu < usualMtu ? mtu : undefined;
}

/** Names of the networks with all of the labels. */
export async function networksWith(
  { connection }: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found = await connection.docker<{ Name: string }[]>('/networks', { query: { filters: labelFilter(labels) } });
  return found.map(({ Name: name }) => name);
}

/** Removes a network that no container uses any more. One that is gone is no error. */
export async function removeNetwork({ connection }: Engine, name: string): Promise<void> {
  await unlessGone(connection.docker(`/networks/${name}`, { method: 'DELETE' }));
}
