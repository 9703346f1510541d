import { join } from 'node:path';
import { builderFilter, callFilter, rootFilter } from '../../exec/call-filter.ts';
import { keepWhole } from './whole-file.ts';

/** Files with the filters of system calls of a job. */
type FilterFiles = {
  /** of its commands */
  callFilter: string;
  /** of those that are root of a namespace */
  rootFilter: string;
};

/**
 * Writes the filters.
 * @param shared folder of files that all jobs of a runner see
 * @param builds whether the job may build images by its own commands
 */
export function filterFiles(shared: string, builds: boolean): FilterFiles {
  const write = (name: string, filter: Buffer) => {
    const file = join(shared, name);
    keepWhole(file, filter);
    return file;
  };
  return {
    callFilter: builds ? write('builder-calls.bpf', builderFilter()) : write('calls.bpf', callFilter()),
    // only root may give a namespace more users than one
    rootFilter: write('root-calls.bpf', rootFilter(process.getuid?.() === 0)),
  };
}
