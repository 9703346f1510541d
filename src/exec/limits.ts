/** What the processes of one job may take; what is absent is not limited. */
export interface Limits {
  /** bytes, of all processes together where there is a control group, else of each */
  memory?: number | undefined;
  /** of the job, at once */
  processes?: number | undefined;
  /** bytes of one file */
  fileSize?: number | undefined;
  /** seconds of one process */
  cpuTime?: number | undefined;
}

/**
 * Lines of a shell that limit it and what it starts, see setrlimit(2).
 * @param grouped whether memory and processes are counted by a control group
 * @param counted whether the processes of the job's user are the job's alone, so that they may be counted by user
 */
export function limitingLines(limits: Limits, { grouped, counted }: { grouped: boolean; counted: boolean }): string[] {
  const { memory, processes, fileSize, cpuTime } = limits;
  const kB = (bytes: number) => Math.ceil(bytes / 1024);
  return [
    // the job goes before Volt where the machine is out of memory
    'echo 500 >/proc/self/oom_score_adj',
    ...(processes !== undefined && !grouped && counted ? [`ulimit -u ${processes}`] : []),
    // not the address space, of which many programs reserve far more than they take
    ...(memory !== undefined && !grouped ? [`ulimit -d ${kB(memory)}`] : []),
    ...(fileSize !== undefined ? [`ulimit -f ${kB(fileSize)}`] : []),
    // the signal comes at the one, and the kill for what does not heed it at the other
    ...(cpuTime !== undefined ? [`ulimit -S -t ${cpuTime}`, `ulimit -H -t ${cpuTime + 5}`] : []),
  ].map((line) => `${line} 2>/dev/null || :`);
}

/** The signals that tell of a limit, with their numbers, by which a shell reports them. */
const signals = { SIGXCPU: 24, SIGXFSZ: 25 } as const;

/** What limit has ended a command, as a sentence; undefined where none has, as far as its end tells. */
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

/** @param bytes a limit */
export function sizeText(bytes: number): string {
  const megabytes = bytes / 1_048_576;
  return megabytes >= 1024 && Number.isInteger((megabytes / 1024) * 10)
    ? `${megabytes / 1024} GB`
    : `${Math.round(megabytes * 10) / 10} MB`;
}
