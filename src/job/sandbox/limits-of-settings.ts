import type { Limits } from '../../exec/limits.ts';
import type { GitLimits } from '../../git/command/runner.ts';
import type { Config } from '../../kernel/config.ts';

/** The limits of a job from the settings. */
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

/** The limits of git for the checkout of a job and for what a commit names: at most those of the job. */
export function gitLimitsOf({ gitMemory, jobMemory, jobDisk, jobFileSize }: Config): GitLimits {
  const least = (...megabytes: number[]) => {
    const set = megabytes.filter((each) => each > 0);
    return set.length === 0 ? undefined : Math.min(...set) * 1_048_576;
  };
  return { memory: least(gitMemory, jobMemory), fileSize: least(jobDisk, jobFileSize) };
}
