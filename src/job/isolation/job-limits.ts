import type { Limits } from '../../exec/limits.ts';
import type { Config } from '../../kernel/config.ts';

/** What the settings let a job take. */
export function limitsOf(config: Config): Limits {
  const { jobMemory, jobProcesses, jobFileSize, jobCpuTime } = config;
  const bytes = (megabytes: number) => megabytes * 1_048_576 || undefined;
  return {
    memory: bytes(jobMemory),
    processes: jobProcesses || undefined,
    fileSize: bytes(jobFileSize),
    cpuTime: jobCpuTime || undefined,
  };
}
