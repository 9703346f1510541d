import type { Config } from '../../kernel/config.ts';
import { hostLabel } from '../../kernel/names.ts';
import { jobsCanBeAnybody, trustsThisMachine } from '../../kernel/proxy-sign-in.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { age } from '../../kernel/times.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import type { Database } from '../../record/database.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import { repositoriesOn } from '../../record/repository-hosts.ts';
import type { Reader } from '../../record/visibility.ts';
import { clockFault } from '../../redis/clock-fault.ts';
import { unfitness } from '../../redis/server-facts.ts';
import type { Problem } from '../schemas/terms.ts';
import type { RedisState } from './redis-state.ts';

/** @param fatal whether to return what stops Volt, or what is only a risk */
export function unfitRedis({ server }: RedisState, fatal: boolean): Problem[] {
  return unfitness(server)
    .filter((found) => found.fatal === fatal)
    .map(({ code, message, remedy }) => ({ code: `redis_${code}`, message: `Redis ${message}`, remedy }));
}

export function unreadable({ name, error, retryAt }: ObservedRepository): Problem[] {
  if (error === null) return [];
  const now = serverNow();
  const pause = retryAt === null ? 0 : Math.ceil((Date.parse(retryAt) - now) / 1000);
  const next = pause > 0 ? ` The next poll is in ${pause} s; \`volt trigger ${name}\` polls now.` : '';
  const message = `repository ${name}: ${hideCredentials(error.message)} (first seen ${age(now - Date.parse(error.since))})`;
  return [{ code: error.code, message, remedy: error.remedy + next }];
}

export function secretsProblem({ code, message, remedy }: Problem): Problem {
  return { code, message: `secrets: ${message}`, remedy };
}

/** Machines with local repositories but without an observer. If no observer runs at all, `problemsOf` reports that. */
export async function unwatchedMachines(
  database: Database,
  reader: Reader,
  { stages }: RedisState,
  hosts: readonly (string | null)[],
): Promise<Problem[]> {
  const observers = stages.find(({ kind }) => kind === 'observer')?.members ?? [];
  if (observers.length === 0) return [];
  const watched = new Set(observers.map(({ host }) => hostLabel(host)));
  const unwatched = hosts.filter((host): host is string => host !== null && !watched.has(hostLabel(host)));
  return (await repositoriesOn(database, unwatched, reader)).map(({ name, host }) => ({
    code: 'no_observer_on_machine',
    message: `repository ${name} is a path on the machine ${host}, where no observer is running: its new commits are not noticed`,
    remedy: `Start \`volt observer\` on ${host}.`,
  }));
}

/** One problem for each machine, however many members it has. */
export function fullDisks({ stages, runners }: RedisState): Problem[] {
  const members = [...stages.flatMap((stage) => stage.members), ...runners];
  const hosts = new Map<string, string[]>();
  for (const { host, id, vitals } of members) {
    if (vitals?.diskLow === true) hosts.set(host, [...(hosts.get(host) ?? []), id.replace(/[-~].*/, '')]);
  }
  return [...hosts].map(([host, names]) => ({
    code: 'disk_low',
    message: `the disk of ${host} has less free space than VOLT_DISK_FLOOR requires (${[...new Set(names)].join(', ')}): logs may not fit`,
    remedy: 'Free some space there: `volt prune` deletes what is older than the settings keep.',
  }));
}

/** Whether jobs on the machine of this stage can pass for people whom a proxy signs in. */
export function jobsAsAnybody({ runners }: RedisState, config: Config): Problem[] {
  const { host } = config;
  const isOpen = runners.some((runner) => runner.host === host && runner.isolation === 'none');
  if (!isOpen || !trustsThisMachine(config)) return [];
  return [{ ...jobsCanBeAnybody, message: `machine ${host}: ${jobsCanBeAnybody.message}` }];
}

/** One problem for each machine, however many members it has. */
export function wrongClocks({ stages, runners }: RedisState): Problem[] {
  const found = new Map<string, string>();
  for (const member of [...stages.flatMap((stage) => stage.members), ...runners]) {
    const fault = clockFault(member);
    if (fault !== undefined && !found.has(member.host)) found.set(member.host, fault);
  }
  return [...found].map(([host, fault]) => ({
    code: 'clock_wrong',
    message: `machine ${host}: ${fault}; Volt corrects the times that it shows`,
    remedy:
      'Synchronise its clock with NTP (timedatectl set-ntp true): jobs see the wrong time, and TLS certificates may be rejected.',
  }));
}
