import { cpus, loadavg } from 'node:os';

/** Where and when it was measured; the load tells whether the machine did anything else at the begin. */
export function conditions(load: number): { [name: string]: string | number } {
  const [processor] = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    loadBefore: Number(load.toFixed(2)),
    loadAfter: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}
