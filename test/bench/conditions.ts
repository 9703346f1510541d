import { cpus, loadavg } from 'node:os';

/** Where and when the benchmark ran; the load says whether the machine had other work at its start. */
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
