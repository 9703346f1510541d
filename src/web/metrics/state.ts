import { Counter, Gauge, type Registry } from 'prom-client';
import { serverNow } from '../../kernel/server-time.ts';
import type { SystemStatus } from '../schemas/system.ts';

/** Queues beyond this number count as one, "other": there is a queue for each label set. */
const mostQueues = 100;

/** Adds what `volt status` shows: stages, runners, queues, Redis, database and disk. */
export function addState(registry: Registry, status: SystemStatus): void {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: `volt_${name}`, help, labelNames, registers: [registry] });
  gauge('info', 'Version of the web stage', ['version']).set({ version: status.version }, 1);
  gauge('problems', 'Problems that volt status reports').set(status.problems.length);
  gauge('redis_up', 'Whether Redis answers').set(status.redis.reachable ? 1 : 0);
  if (status.redis.memory) gauge('redis_memory_bytes', 'Memory that Redis uses').set(status.redis.memory.used);
  gauge('record_up', 'Whether the database answers').set(status.record.reachable ? 1 : 0);
  if (status.record.bytes !== null) gauge('record_bytes', 'Size of the database').set(status.record.bytes);
  if (status.disk) gauge('data_free_bytes', 'Free space on the disk of the data directory').set(status.disk.free);

  // an unknown number has no value, rather than 0
  if (status.builds) {
    const builds = gauge('builds_open', 'Builds that are not final', ['status']);
    builds.set({ status: 'queued' }, status.builds.queued);
    builds.set({ status: 'running' }, status.builds.running);
    const since = status.oldest ? (serverNow() - Date.parse(status.oldest.since)) / 1000 : 0;
    gauge('oldest_waiting_seconds', 'How long the oldest waiting or queued job has waited').set(Math.max(0, since));
  }
  if (status.runners) {
    const { count, slots, busy, stopping, drained } = status.runners;
    gauge('runners', 'Alive runners').set(count);
    gauge('runners_draining', 'Runners that take no more jobs').set(stopping + drained);
    gauge('slots', 'Slots of all runners').set(slots);
    gauge('slots_busy', 'Slots that run an attempt').set(busy);
  }
  if (status.redis.reachable) {
    const stages = gauge('stage_members', 'Alive processes of each stage', ['stage']);
    for (const { kind, members } of status.stages) stages.set({ stage: kind }, members.length);
  }

  const depths = gauge('queue_messages', 'Messages in each queue', ['queue', 'state']);
  status.queues.forEach(({ name, waiting, prioritized, active, delayed, failed }, index) => {
    const queue = index < mostQueues ? name : 'other';
    depths.inc({ queue, state: 'waiting' }, waiting + prioritized);
    depths.inc({ queue, state: 'active' }, active);
    depths.inc({ queue, state: 'delayed' }, delayed);
    depths.inc({ queue, state: 'set_aside' }, failed);
  });
}

/** A process of Volt, by its heartbeat. */
export interface Process {
  stage: string;
  host: string;
  pid: number;
  vitals?: NonNullable<SystemStatus['stages'][number]['members'][number]['vitals']> | undefined;
}

/** Adds memory, processor time and the like of each process on every machine. */
export function addProcesses(registry: Registry, processes: readonly Process[]): void {
  const labelNames = ['stage', 'host', 'pid'] as const;
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `volt_process_${name}`, help, labelNames, registers: [registry] });
  const counter = (name: string, help: string) =>
    new Counter({ name: `volt_process_${name}_total`, help, labelNames, registers: [registry] });
  const memory = gauge('resident_memory_bytes', 'Resident memory');
  const cpu = counter('cpu_seconds', 'Processor time');
  const lag = gauge('event_loop_lag_seconds', 'Longest delay of the event loop within the last seconds');
  const reconnects = counter('redis_reconnects', 'How often the connection to Redis was lost and restored');
  const warnings = counter('warnings', 'Warnings and errors that were logged');
  const disk = gauge('disk_free_bytes', 'Free space on the disk of its data directory');
  for (const { stage, host, pid, vitals } of processes) {
    if (!vitals) continue;
    const own = { stage, host, pid };
    memory.set(own, vitals.memory);
    cpu.inc(own, vitals.cpu);
    lag.set(own, vitals.lag / 1000);
    reconnects.inc(own, vitals.reconnects);
    warnings.inc(own, vitals.warnings.count);
    if (vitals.diskFree !== null) disk.set(own, vitals.diskFree);
  }
}
