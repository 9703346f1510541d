import { randomBytes } from 'node:crypto';
import { labelFilter, unlessGone } from './containers.ts';
import type { Engine } from './engine.ts';

/**
 * Makes a network that no other network of the engine reaches.
 * @returns its name, and the machine's address in it
 * @throws EngineRefusal, and VoltError `engine_failed`
 */
export async function makeNetwork(
  { connection, kind }: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<{ name: string; gateway: string }> {
  // names of network devices have at most 15 characters; podmans with different stores choose the same ones
  const name = `volt${randomBytes(5).toString('hex')}`;
  if (kind === 'podman') {
    await connection.podman('/networks/create', {
      body: {
        ...{ name, driver: 'bridge', network_interface: name, dns_enabled: true, labels },
        // one side is enough: other people's networks need not have it
        options: { isolate: 'strict' },
      },
    });
  } else {
    const options = { 'com.docker.network.bridge.name': name };
    await connection.docker('/networks/create', { body: { Name: name, Labels: labels, Options: options } });
  }
  const { IPAM: addresses } = await connection.docker<{ IPAM: { Config?: { Gateway?: string }[] | null } }>(
    `/networks/${name}`,
  );
  return { name, gateway: addresses.Config?.find(({ Gateway: address }) => address?.includes('.'))?.Gateway ?? '' };
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
