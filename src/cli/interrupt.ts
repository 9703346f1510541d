import { asTyped } from '../kernel/invocation.ts';
import { type BuildSummary, isFinal } from '../kernel/model.ts';
import { buildName } from './wording.ts';

/** Exit code of a command that Ctrl-C has ended, as shells have it. */
const interrupted = 130;

/**
 * While a command follows a build: Ctrl-C ends the command, and a line says that the build goes on.
 * @returns ends that
 */
export function tellWhatGoesOn(build: Pick<BuildSummary, 'repo' | 'number' | 'status'>): () => void {
  const interrupt = () => {
    const name = buildName(build);
    if (!isFinal(build.status))
      process.stderr.write(`\n${name} goes on; ${asTyped(`volt cancel ${name}`)} cancels it\n`);
    process.exit(interrupted);
  };
  process.once('SIGINT', interrupt);
  return () => process.off('SIGINT', interrupt);
}
