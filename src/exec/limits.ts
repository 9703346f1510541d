import { sizeText } from '../kernel/sizes.ts';
/** Limits of a job; undefined for no limit. */
export interface Limits {
  /** bytes, of all processes together with a control group, else of each */
  memory?: number | undefined;
  /** of the job, at once */
  processes?: number | undefined;
  /** bytes of one file */
  fileSize?: number | undefined;
  /** seconds of one process */
  cpuTime?: number | undefined;
}

/**
 * Lines of a shell that limit the shell and what it starts, see setrlimit(2).
 * @param grouped whether a control group limits memory and processes
 * @param counted whether all processes of the job's user belong to the job, so that the limit of a user works
 */
export function limitingLines(limits: Limits, { grouped, counted }: { grouped: boolean; counted: boolean }): string[] {
  const { memory, processes, fileSize, cpuTime } = limits;
  const kB = (bytes: number) => Math.ceil(bytes / 1024);
  return [
    // when the machine is out of memory, the kernel ends the job before Volt
    'echo 500 >/proc/self/oom_score_adj',
    ...(processes !== undefined && !grouped && counted ? [`ulimit -u ${processes}`] : []),
    // not the address space: many programs reserve far more than they use
    ...(memory !== undefined && !grouped ? [`ulimit -d ${kB(memory)}`] : []),
    ...(fileSize !== undefined ? [`ulimit -f ${kB(fileSize)}`] : []),
    // SIGXCPU at the soft limit, SIGKILL at the hard one
    ...(cpuTime !== undefined ? [`ulimit -S -t ${cpuTime}`, `ulimit -H -t ${cpuTime + 5}`] : []),
  ].map((line) => `${line} 2>/dev/null || :`);
}

/** The signals that the kernel sends at a limit, with the numbers that a shell reports. */
const signals = { SIGXCPU: 24, SIGXFSZ: 25 } as const;

/** The limit that ended a command, as part of a sentence; undefined if its end shows none. */
export function limitThatEnded(
  { signal, exitCode }: { signal: NodeJS.Signals | null; exitCode: number | null },
  { fileSize, cpuTime }: Limits,
): string | undefined {
  const is = (name: keyof typeof signals) => signal === name || exitCode === 128 + signals[name];
  if (cpuTime !== undefined && is('SIGXCPU'))
    return `was ended: a process took more than ${cpuTime} s of processor time`;
  if (fileSize !== undefined && is('SIGXFSZ')) return `was ended: it wrote a file of more than ${sizeText(fileSize)}`;
  return undefined;
}
