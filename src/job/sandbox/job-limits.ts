import type { Limits } from '../../exec/limits.ts';
import type { GitLimits } from '../../git/command.ts';
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

/** What git may take for the checkout of a job, and for what a commit names: no more than the job itself. */
export function gitLimitsOf({ gitMemory, jobMemory, jobDisk, jobFileSize }: Config): GitLimits {
  const least = (...megabytes: number[]) => {
    const set = megabytes.filter((each) => each > 0);
    return set.length === 0 ? undefined : Math.min(...set) * 1_048_576;
  };
  return { memory: least(gitMemory, jobMemory), fileSize: least(jobDisk, jobFileSize) };
}
